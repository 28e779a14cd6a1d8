//! Whoever asked for a change: the terminal's user, or the pusher at the other end of the connection.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pypaas_core::host::Caller;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;
use signal_hook::flag;

use super::{LinuxHost, cancellation};

/// The signals that ask a command to stop, by number.
const SIGNALS: [Signal; 3] = [Signal::TERM, Signal::INT, Signal::HUP];

impl Caller for LinuxHost {
    fn wants_to_stop(&mut self) -> Option<String> {
        let asked = || self.locks.keys().find_map(|lock| cancellation::reason(lock));
        self.watch.as_ref()?.reason().or_else(asked)
    }
}

/// Notices a signal, or that nobody reads standard error any more.
#[derive(Debug)]
pub struct Watch {
    /// The number of the signal that came; 0: none.
    signal: Arc<AtomicUsize>,
}

impl Watch {
    /// Takes over the signals.
    pub fn new() -> io::Result<Self> {
        let signal = Arc::new(AtomicUsize::new(0));
        for number in SIGNALS.map(Signal::as_raw) {
            flag::register_usize(number, Arc::clone(&signal), number.unsigned_abs() as usize)?;
        }
        Ok(Self { signal })
    }

    /// Says why to stop; `None`: go on.
    pub fn reason(&self) -> Option<String> {
        match self.signal.load(Ordering::SeqCst) {
            0 if is_gone(io::stderr()) => Some("the connection is gone".to_owned()),
            0 => None,
            number => Some(format!("the signal {} asked to stop", name(number))),
        }
    }
}

/// Returns whether nobody is left to read what is written to `output`: a pipe without reader polls as an error, a socket
/// or terminal whose other end has gone as hung up.
pub fn is_gone(output: impl std::os::fd::AsFd) -> bool {
    let mut polled = [PollFd::new(&output, PollFlags::empty())];
    let answered = poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
    answered.is_ok() && polled[0].revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

fn name(number: usize) -> &'static str {
    let names = ["SIGTERM", "SIGINT", "SIGHUP"];
    let known =
        SIGNALS.iter().zip(names).find(|(signal, _)| signal.as_raw().unsigned_abs() as usize == number);
    known.map_or("unknown", |(_, name)| name)
}
