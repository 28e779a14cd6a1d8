//! PHP apps: their own files say that php-fpm runs them.

use pypaas_core::host::Commit;
use pypaas_core::{Manifest, ManifestError, ManifestFormat};
use serde_json::json;

use crate::php_nginx_backend::{FRONT_CONTROLLER, PUBLIC};

/// Recognizes a PHP app: one with a `composer.json` and a directory `public`, as frameworks have it, or with an `index.php` in its root.
#[derive(Debug, Clone, Copy)]
pub struct PhpApp {
    file: &'static str,
}

impl PhpApp {
    /// An app whose packages Composer installs.
    pub const COMPOSER: Self = Self { file: "composer.json" };

    /// An app without packages.
    pub const SCRIPT: Self = Self { file: FRONT_CONTROLLER };
}

impl ManifestFormat for PhpApp {
    fn file(&self) -> &'static str {
        self.file
    }

    /// It has: Composer, or the app itself, reads it.
    fn has_no_other_use(&self) -> bool {
        false
    }

    fn read(&self, commit: &Commit) -> Result<Manifest, ManifestError> {
        let public = if commit.holds(&format!("{PUBLIC}/")) {
            PUBLIC
        } else if commit.holds(FRONT_CONTROLLER) {
            "."
        } else {
            let reason = "does not say how this app is run, and there is neither a directory `public` nor an `index.php`: add a \
                          `Procfile`, or write `runners: {web: {type: PhpNginxBackend, public: …}}` with the directory of the front controller"
                .to_owned();
            return Err(ManifestError::File { file: self.file, reason });
        };
        let runners = json!({ "web": { "type": "PhpNginxBackend", "public": public } });
        Ok(Manifest { file: self.file.to_owned(), text: format!("{:#}", json!({ "runners": runners })) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builders::commit_of;

    fn read(format: PhpApp, entries: &[&str]) -> String {
        format.read(&commit_of(entries)).map_or_else(|error| error.to_string(), |manifest| manifest.text)
    }

    #[test]
    fn the_directory_of_the_front_controller_is_found() {
        insta::assert_snapshot!(read(PhpApp::COMPOSER, &["composer.json", "index.php", "public/"]), @r#"
        {
          "runners": {
            "web": {
              "public": "public",
              "type": "PhpNginxBackend"
            }
          }
        }
        "#);
        for format in [PhpApp::COMPOSER, PhpApp::SCRIPT] {
            assert!(read(format, &["composer.json", "index.php"]).contains(r#""public": ".""#));
        }
    }

    #[test]
    fn what_cannot_be_recognized_is_said_with_the_lines_to_write() {
        insta::assert_snapshot!(read(PhpApp::COMPOSER, &["composer.json", "src/"]), @"`composer.json` does not say how this app is run, and there is neither a directory `public` nor an `index.php`: add a `Procfile`, or write `runners: {web: {type: PhpNginxBackend, public: …}}` with the directory of the front controller");
    }
}
