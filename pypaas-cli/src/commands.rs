//! The commands, one file each: `mod` makes a file part of the program, and a line of [`ALL`] makes it a command.

mod apply;
mod backup;
mod branches;
mod cancel;
mod certificates;
mod check;
mod cleanup;
mod completions;
mod custom_cmds;
mod deploying;
mod domain;
mod env;
mod git;
mod git_receive_pack;
mod git_upload_pack;
mod import;
mod jobs;
mod keeper;
mod keys;
mod list;
mod logs;
mod maintenance;
mod man;
mod metrics;
mod new;
mod notify;
mod plan;
mod rebuild;
mod rebuild_authorized_keys;
mod redeploy;
mod releases;
mod remove;
mod restart;
mod restore;
mod rollback;
mod run;
mod scale;
mod secret;
mod setup;
pub(crate) mod ssh;
mod start;
mod status;
mod stop;
mod store;
mod update_hook;
mod watch;
mod why;

use crate::command::Registration;

/// All commands, in the order in which `help` lists them. The underscores are the predecessor's; each has a spelling with
/// hyphens.
pub(crate) const ALL: &[Registration] = &[
    Registration::of::<list::Arguments>(),
    Registration::of::<status::Arguments>(),
    Registration::of::<logs::Arguments>(),
    Registration::of::<why::Arguments>(),
    Registration::of::<releases::Arguments>(),
    Registration::of::<rollback::Arguments>(),
    Registration::of::<rebuild::Arguments>(),
    Registration::of::<restart::Arguments>(),
    Registration::of::<cancel::Arguments>(),
    Registration::of::<stop::Arguments>(),
    Registration::of::<start::Arguments>(),
    Registration::of::<maintenance::Arguments>(),
    Registration::of::<run::Arguments>(),
    Registration::of::<env::Arguments>(),
    Registration::of::<secret::Arguments>(),
    Registration::of::<store::Arguments>(),
    Registration::of::<jobs::Arguments>(),
    Registration::of::<backup::Arguments>(),
    Registration::of::<restore::Arguments>(),
    Registration::of::<custom_cmds::Arguments>(),
    Registration::of::<metrics::Arguments>(),
    Registration::of::<apply::Arguments>(),
    Registration::of::<notify::Arguments>(),
    Registration::of::<plan::Arguments>(),
    Registration::of::<cleanup::Arguments>(),
    Registration::of::<check::Arguments>(),
    Registration::of::<certificates::Arguments>(),
    Registration::of::<new::Arguments>(),
    Registration::of::<domain::Arguments>(),
    Registration::of::<scale::Arguments>(),
    Registration::of::<keys::Arguments>(),
    Registration::of::<remove::Arguments>(),
    Registration::of::<import::Arguments>().only_on_host(),
    Registration::of::<setup::Arguments>().only_on_host(),
    Registration::of::<completions::Arguments>(),
    Registration::of::<man::Arguments>(),
    Registration::of::<rebuild_authorized_keys::Arguments>(),
    Registration::of::<git_receive_pack::Arguments>(),
    Registration::of::<git_upload_pack::Arguments>(),
    Registration::of::<keeper::Arguments>(),
    Registration::of::<ssh::Arguments>(),
    Registration::of::<update_hook::Arguments>(),
];

#[cfg(test)]
mod tests {
    use pypaas_config::Permission;

    use super::*;
    use crate::command::Requirement;
    use crate::command_line;
    use crate::left_out_branch::put_main_in;

    /// The command lines among the examples of a command's help.
    fn examples(command: &Registration) -> Vec<Vec<String>> {
        let help = (command.grammar)().get_after_help().map(ToString::to_string).unwrap_or_default();
        let mut examples = Vec::new();
        for line in help.lines() {
            let local = line.trim_start().split_once("pypaas ").map(|it| it.1);
            let Some(words) = local.or_else(|| Some(line.split_once("@host ")?.1)) else { continue };
            let words = shlex::split(words.split("  ").next().unwrap()).unwrap();
            let is_of_shell = |word: &String| word == "|" || word == "&&" || word.starts_with(['<', '>']);
            let end = words.iter().position(is_of_shell).unwrap_or(words.len());
            examples.push(put_main_in(ALL, &words[..end]));
        }
        examples
    }

    #[test]
    fn every_example_in_the_help_can_be_typed() {
        for example in ALL.iter().flat_map(examples) {
            let read = command_line::read(ALL, &example);
            assert!(read.is_ok(), "{example:?}: {:?}", read.err().map(|it| it.to_string()));
        }
    }

    #[test]
    fn no_example_needs_less_than_what_help_goes_by_and_one_needs_no_more() {
        for command in ALL.iter().filter(|it| !(it.grammar)().is_hide_set()) {
            let Some(least) = command.least else { continue };
            let name = (command.grammar)().get_name().to_owned();
            let own = examples(command).into_iter().filter(|example| example[0] == name);
            let needed = own.filter_map(|example| {
                Some(match command_line::read(ALL, &example).ok()?.requirement {
                    Requirement::Nothing => Permission::Read,
                    Requirement::Admin | Requirement::Host => Permission::Admin,
                    Requirement::Repo(it, _) | Requirement::Domain(it, _) | Requirement::EveryRepo(it) => it,
                })
            });
            let most = needed.max();
            assert_eq!(most, Some(least), "{name}");
        }
    }

    #[test]
    fn no_two_commands_have_one_name() {
        let mut names: Vec<String> = ALL.iter().map(|it| (it.grammar)().get_name().to_owned()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }
}
