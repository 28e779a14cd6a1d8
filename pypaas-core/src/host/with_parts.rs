//! A machine some parts of which are exchanged.

use super::{Caller, Clock, Files, Git, Host, Locks, Logs, Probe, Services, Shell, Stores, WebServer};

/// The machine `host`, but with other parts where they are given.
///
/// ```
/// use pypaas_core::host::{Caller, Host, WithParts};
/// use pypaas_core::{Layout, MemoryHost};
/// # let settings = "ports: {min: 61500, max: 61800}";
/// # let file = pypaas_config::SourceFile { path: "pypaas.yml".into(), text: settings.into() };
/// # let settings = pypaas_config::load(&[file], &[]).configuration.unwrap().settings;
///
/// /// A caller who has gone.
/// struct Gone;
///
/// impl Caller for Gone {
///     fn wants_to_stop(&mut self) -> Option<String> {
///         Some("the connection is gone".to_owned())
///     }
/// }
///
/// let mut machine = MemoryHost::new(Layout::new("/home/deploy".into(), &settings));
/// let mut gone = Gone;
/// let mut host = WithParts { caller: Some(&mut gone), ..WithParts::of(&mut machine) };
///
/// assert!(host.caller().wants_to_stop().is_some());
/// assert!(host.files().list_directory("/home/deploy".into()).unwrap().is_empty());
/// ```
pub struct WithParts<'a> {
    /// The machine that gives all other parts.
    pub host: &'a mut dyn Host,
    /// Other files and directories.
    pub files: Option<&'a mut dyn Files>,
    /// Other bare repositories.
    pub git: Option<&'a mut dyn Git>,
    /// Other supervisor.
    pub services: Option<&'a mut dyn Services>,
    /// Other logs of services.
    pub logs: Option<&'a mut dyn Logs>,
    /// Other nginx.
    pub web_server: Option<&'a mut dyn WebServer>,
    /// Other shell.
    pub shell: Option<&'a mut dyn Shell>,
    /// Other databases.
    pub stores: Option<&'a mut dyn Stores>,
    /// Other TCP ports.
    pub probe: Option<&'a mut dyn Probe>,
    /// Other clocks.
    pub clock: Option<&'a mut dyn Clock>,
    /// Other locks.
    pub locks: Option<&'a mut dyn Locks>,
    /// Other caller.
    pub caller: Option<&'a mut dyn Caller>,
}

impl<'a> WithParts<'a> {
    /// Takes all parts of `host`, until others are put in their places.
    pub fn of(host: &'a mut dyn Host) -> Self {
        Self {
            host,
            files: None,
            git: None,
            services: None,
            logs: None,
            web_server: None,
            shell: None,
            stores: None,
            probe: None,
            clock: None,
            locks: None,
            caller: None,
        }
    }
}

impl Host for WithParts<'_> {
    fn files(&mut self) -> &mut dyn Files {
        match &mut self.files {
            Some(part) => *part,
            None => self.host.files(),
        }
    }

    fn git(&mut self) -> &mut dyn Git {
        match &mut self.git {
            Some(part) => *part,
            None => self.host.git(),
        }
    }

    fn services(&mut self) -> &mut dyn Services {
        match &mut self.services {
            Some(part) => *part,
            None => self.host.services(),
        }
    }

    fn logs(&mut self) -> &mut dyn Logs {
        match &mut self.logs {
            Some(part) => *part,
            None => self.host.logs(),
        }
    }

    fn web_server(&mut self) -> &mut dyn WebServer {
        match &mut self.web_server {
            Some(part) => *part,
            None => self.host.web_server(),
        }
    }

    fn shell(&mut self) -> &mut dyn Shell {
        match &mut self.shell {
            Some(part) => *part,
            None => self.host.shell(),
        }
    }

    fn stores(&mut self) -> &mut dyn Stores {
        match &mut self.stores {
            Some(part) => *part,
            None => self.host.stores(),
        }
    }

    fn probe(&mut self) -> &mut dyn Probe {
        match &mut self.probe {
            Some(part) => *part,
            None => self.host.probe(),
        }
    }

    fn clock(&mut self) -> &mut dyn Clock {
        match &mut self.clock {
            Some(part) => *part,
            None => self.host.clock(),
        }
    }

    fn locks(&mut self) -> &mut dyn Locks {
        match &mut self.locks {
            Some(part) => *part,
            None => self.host.locks(),
        }
    }

    fn caller(&mut self) -> &mut dyn Caller {
        match &mut self.caller {
            Some(part) => *part,
            None => self.host.caller(),
        }
    }
}
