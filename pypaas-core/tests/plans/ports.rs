//! Who listens on the port of a new process.

use std::error::Error;
use std::time::Duration;

use pypaas_core::memory_host::Behavior;
use pypaas_core::{Engine, MemoryHost, Phase, Platform, Progress, Step};

use crate::memory::{branches, carry_out, deployed, platform, push};

/// Keeps what it is told in passing.
#[derive(Default)]
struct Notes(Vec<String>);

impl Progress for Notes {
    fn note(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }

    fn section(&mut self, _: &str, _: Phase) {}
    fn step(&mut self, _: &Step) {}
    fn output(&mut self, _: &[u8]) {}
    fn warn(&mut self, _: &str) {}
    fn section_done(&mut self, _: Phase, _: Duration) {}
    fn title(&mut self, _: &str) {}
    fn command(&mut self, _: &str) {}
}

/// A machine on which `two-backends` is live, and the next processes of `web` behave so.
fn with(behavior: Behavior) -> (Platform, MemoryHost) {
    let platform = platform("two-backends");
    let mut host = deployed(&platform);
    host.behavior.insert("web".to_owned(), behavior);
    (platform, host)
}

#[test]
fn whoever_answers_on_the_port_of_a_new_process_must_be_that_process() {
    let (platform, mut host) = with(Behavior::LosesItsPort);
    let branch = branches(&platform).remove(0);
    let before = host.loaded.clone();
    let next = push(&mut host, &platform, &branch, 2);

    let refused = carry_out(&mut host, &platform, &next).unwrap_err();

    let words = causes(&refused);
    assert!(
        words.contains("is held by process 4711 (`squatter`), which is not a process of this service"),
        "{words}"
    );
    assert_eq!(host.loaded, before);
}

#[test]
fn a_process_that_listens_elsewhere_is_named_within_three_seconds() {
    let (platform, mut host) = with(Behavior::ListensElsewhere(3000));
    let branch = branches(&platform).remove(0);
    let next = push(&mut host, &platform, &branch, 2);
    let mut notes = Notes::default();

    Engine::new(&mut host, &platform, &mut notes).deploy(&next).unwrap_err();

    let early = notes.0.iter().filter(|note| note.contains(" listens on port 3000, and not yet on port "));
    assert_eq!(early.count(), 1, "{:?}", notes.0);
}

fn causes(error: &dyn Error) -> String {
    let causes = error.source().map(causes);
    [error.to_string()].into_iter().chain(causes).collect::<Vec<_>>().join(": ")
}
