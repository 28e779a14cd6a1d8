//! Making a machine ready for pypaas, as root: the user, its directories, systemd's units and the first configuration.
//!
//! [`Machine::look`] observes, [`Setup::plan`] decides, and [`Setup::carry_out`] does one step. A second run finds nothing to
//! do: what a person wrote or changed is never replaced.

mod machine;
mod sshd;
mod step;
mod units;
mod web;

use camino::{Utf8Path, Utf8PathBuf};
use pypaas_core::Layout;

pub use machine::Machine;
pub use step::{SetupError, Step};

/// The directories that the deploy user has before anything is pushed.
const DIRECTORIES: [&str; 6] =
    ["config", "config/repo", "config/domains", "services", ".ssh", ".ssh/authorized_keys.d"];

/// Where the program goes when it is run from elsewhere.
const PROGRAM: &str = "/usr/local/bin/pypaas";

/// What is set up.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The name of the user that receives pushes and runs the apps.
    pub user: String,
    /// This program.
    pub program: Utf8PathBuf,
}

/// What is done, and what the administrator should know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SetupPlan {
    /// One after another.
    pub steps: Vec<Step>,
    /// Paragraphs.
    pub notes: Vec<String>,
}

impl Setup {
    /// Plans what is missing on `machine`.
    pub fn plan(&self, machine: &Machine) -> SetupPlan {
        let mut steps = Vec::new();
        if !machine.missing_packages.is_empty() {
            steps.push(Step::InstallPackages(machine.missing_packages.clone()));
        }
        if machine.has_idle_nginx {
            steps.push(Step::DisableNginx);
        }
        if self.installed_program() != self.program {
            steps.push(Step::InstallProgram { from: self.program.clone(), to: self.installed_program() });
        }
        if !machine.has_user {
            steps.push(Step::CreateUser { name: self.user.clone(), home: machine.home.clone() });
        }
        if !machine.is_home_closed {
            steps.push(Step::CloseHome(machine.home.clone()));
        }
        let directories = DIRECTORIES.map(|name| machine.home.join(name)).into_iter();
        steps.extend(directories.filter(|it| !machine.directories.contains(it)).map(Step::CreateDirectory));
        let web = web::place(&machine.other_web_servers, &machine.taken_ports);
        if !machine.is_configured {
            steps
                .push(Step::WriteFile { path: machine.home.join("config/pypaas.yml"), text: web.settings() });
        }
        for key in machine.admin_keys.iter().filter(|_| !machine.has_keys) {
            let path = Layout::key_files(&machine.home).join(format!("{}.pub", key.name));
            steps.push(Step::WriteFile { path, text: format!("{}\n", key.line) });
        }
        if !machine.has_authorized_keys && (machine.has_keys || !machine.admin_keys.is_empty()) {
            steps.push(Step::WriteAuthorizedKeys { home: machine.home.clone() });
        }
        steps.extend(self.unit_steps(machine));
        let mut notes: Vec<String> = web.note().filter(|_| !machine.is_configured).into_iter().collect();
        notes.extend(machine.sshd_objections.iter().cloned());
        if !machine.has_systemd {
            notes.push(format!(
                "systemd does not run here, so nothing was started. At boot it starts `svscan {}`.",
                machine.home.join("services")
            ));
        }
        SetupPlan { steps, notes }
    }

    fn unit_steps(&self, machine: &Machine) -> Vec<Step> {
        let units = units::all(&self.user, &machine.home, &self.installed_program());
        let differing: Vec<_> =
            units.into_iter().filter(|unit| machine.units.get(&unit.path) != Some(&unit.text)).collect();
        let mut steps: Vec<Step> = differing
            .iter()
            .map(|unit| Step::WriteUnit { path: unit.path.clone(), text: unit.text.clone() })
            .collect();
        if machine.has_systemd && !steps.is_empty() {
            steps.push(Step::ReloadSystemd);
        }
        if !machine.is_enabled {
            steps.push(Step::EnableUnits);
        }
        if machine.has_systemd && !machine.is_running {
            steps.push(Step::StartSupervisor);
        }
        steps
    }

    /// Where the program is afterwards: where it is, if that is a directory for programs.
    fn installed_program(&self) -> Utf8PathBuf {
        let is_in_path = |directory: &Utf8Path| ["/usr/bin", "/usr/local/bin"].contains(&directory.as_str());
        match self.program.parent().is_some_and(is_in_path) {
            true => self.program.clone(),
            false => Utf8PathBuf::from(PROGRAM),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use machine::AdminKey;

    fn setup() -> Setup {
        Setup { user: "deploy".to_owned(), program: "/usr/bin/pypaas".into() }
    }

    fn fresh() -> Machine {
        Machine { home: "/home/deploy".into(), has_systemd: true, ..Machine::default() }
    }

    fn lines(plan: &SetupPlan) -> String {
        plan.steps.iter().map(|step| format!("{step}\n")).collect()
    }

    /// What a machine is after `plan`.
    fn after(plan: &SetupPlan, machine: &Machine) -> Machine {
        let mut machine = machine.clone();
        for step in &plan.steps {
            match step.clone() {
                Step::InstallPackages(_) => machine.missing_packages.clear(),
                Step::DisableNginx => machine.has_idle_nginx = false,
                Step::InstallProgram { .. } | Step::ReloadSystemd => {}
                Step::CreateUser { .. } => machine.has_user = true,
                Step::CloseHome(_) => machine.is_home_closed = true,
                Step::CreateDirectory(path) => drop(machine.directories.insert(path)),
                Step::WriteFile { path, .. } => {
                    machine.is_configured |= path.ends_with("pypaas.yml");
                    machine.has_keys |= path.extension() == Some("pub");
                }
                Step::WriteAuthorizedKeys { .. } => machine.has_authorized_keys = true,
                Step::WriteUnit { path, text } => drop(machine.units.insert(path, text)),
                Step::EnableUnits => machine.is_enabled = true,
                Step::StartSupervisor => machine.is_running = true,
            }
        }
        machine
    }

    #[test]
    fn a_fresh_machine_gets_everything_and_a_second_run_nothing() {
        let line = "ssh-ed25519 AAAA anna@laptop".to_owned();
        let machine = Machine {
            missing_packages: vec!["git", "daemontools"],
            has_idle_nginx: true,
            admin_keys: vec![AdminKey { name: "anna@laptop".to_owned(), line }],
            ..fresh()
        };

        let plan = setup().plan(&machine);

        insta::assert_snapshot!(lines(&plan), @"
        install the packages git, daemontools
        stop and disable nginx.service, which serves only Debian's welcome page
        create the user deploy with the home /home/deploy and no password
        close /home/deploy to other users
        create /home/deploy/config, closed to other users
        create /home/deploy/config/repo, closed to other users
        create /home/deploy/config/domains, closed to other users
        create /home/deploy/services, closed to other users
        create /home/deploy/.ssh, closed to other users
        create /home/deploy/.ssh/authorized_keys.d, closed to other users
        write /home/deploy/config/pypaas.yml
        write /home/deploy/.ssh/authorized_keys.d/anna@laptop.pub
        write /home/deploy/.ssh/authorized_keys
        write /etc/systemd/system/pypaas.service
        write /etc/systemd/system/pypaas-boot.service
        reload systemd
        enable pypaas.service and pypaas-boot.service
        start pypaas.service and pypaas-boot.service
        ");
        assert_eq!(plan.notes, Vec::<String>::new());
        assert_eq!(setup().plan(&after(&plan, &machine)), SetupPlan::default());
    }

    #[test]
    fn what_a_person_configured_stays() {
        let machine = Machine {
            is_configured: true,
            has_keys: true,
            has_authorized_keys: true,
            admin_keys: vec![AdminKey { name: "root".to_owned(), line: "ssh-ed25519 AAAA".to_owned() }],
            other_web_servers: vec![(80, "apache2".to_owned())],
            ..fresh()
        };

        let plan = setup().plan(&machine);

        assert!(!plan.steps.iter().any(|step| matches!(step, Step::WriteFile { .. })), "{plan:?}");
        assert!(!lines(&plan).contains("authorized_keys\n"), "{plan:?}");
        assert_eq!(plan.notes, Vec::<String>::new());
    }

    #[test]
    fn a_program_that_is_elsewhere_is_installed_and_the_units_name_the_copy() {
        let setup = Setup { program: "/root/pypaas".into(), ..setup() };

        let plan = setup.plan(&fresh());

        let lines = lines(&plan);
        assert!(lines.starts_with("install /root/pypaas as /usr/local/bin/pypaas\n"), "{lines}");
        let names_it = |step: &Step| matches!(step, Step::WriteUnit { text, .. } if text.contains("-/usr/local/bin/pypaas apply"));
        assert!(plan.steps.iter().any(names_it));
    }

    #[test]
    fn without_systemd_units_are_enabled_and_nothing_is_started() {
        let plan = setup().plan(&Machine { has_systemd: false, ..fresh() });

        let lines = lines(&plan);
        assert!(lines.contains("enable pypaas.service") && !lines.contains("start"), "{lines}");
        assert!(plan.notes[0].contains("svscan /home/deploy/services"), "{:?}", plan.notes);
    }
}
