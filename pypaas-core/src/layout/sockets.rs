//! Where the Unix sockets of apps are.

use camino::{Utf8Path, Utf8PathBuf};

use super::Layout;

impl Layout {
    /// The directory of the socket with that number. Its app may write there.
    pub fn socket_directory(&self, number: u16) -> Utf8PathBuf {
        self.run().join("sockets").join(number.to_string())
    }

    /// The socket with that number. The path is short for every name of an app: it can have 107 bytes at most (unix(7)).
    pub fn socket(&self, number: u16) -> Utf8PathBuf {
        self.socket_directory(number).join("app.sock")
    }

    /// The number of the socket at `path`; `None` for what is not one of an app.
    pub fn number_of_socket(&self, path: &Utf8Path) -> Option<u16> {
        let number = path.parent()?.file_name()?.parse().ok()?;
        (self.socket(number) == path).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_a_socket_says_its_number() {
        let layout = Layout {
            home: "/home/deploy".into(),
            services: "/home/deploy/services".into(),
            web: "/home/deploy/nginx".into(),
        };
        let path = layout.socket(61_500);
        assert_eq!(path, "/home/deploy/run/sockets/61500/app.sock");
        assert_eq!(layout.number_of_socket(&path), Some(61_500));
        for other in ["/home/deploy/run/router-http.sock", "/home/deploy/run/sockets/061500/app.sock", "/"] {
            assert_eq!(layout.number_of_socket(Utf8Path::new(other)), None);
        }
    }
}
