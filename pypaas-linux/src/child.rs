//! A child process: its output as it comes, and its end, or the end of all it started.

use std::io::{self, ErrorKind, PipeReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::proc::ProcessTree;
use super::terminate::terminate;

/// How often it is asked whether to stop.
const ASK_EVERY: Duration = Duration::from_millis(100);

/// How long output is waited for after the child's end: a daemon it left behind may hold the pipe open for ever.
const QUIET: Duration = Duration::from_millis(50);

/// How much later than the child's end its output is read at most.
const LATEST: Duration = Duration::from_millis(500);

/// How a child came to its end.
#[derive(Debug)]
pub(super) enum Exit {
    /// It exited, or somebody else's signal ended it.
    Exited(ExitStatus),
    /// It was ended with all of its process group, for this reason.
    Interrupted(String),
}

/// Runs `command` without input, in a process group of its own, until it ends or `stop` gives a reason. Both its output
/// streams go to `output` as they come.
pub(super) fn run(
    command: Command,
    output: &mut dyn FnMut(&[u8]),
    stop: &mut dyn FnMut() -> Option<String>,
) -> io::Result<Exit> {
    run_with_input(command, Stdio::null(), output, stop)
}

/// Does the same with something to read.
pub(super) fn run_with_input(
    mut command: Command,
    input: Stdio,
    output: &mut dyn FnMut(&[u8]),
    stop: &mut dyn FnMut() -> Option<String>,
) -> io::Result<Exit> {
    let (pipe, writer) = io::pipe()?;
    rustix::io::ioctl_fionbio(&pipe, true)?;
    command.stdin(input).stdout(writer.try_clone()?).stderr(writer).process_group(0);
    let child = command.spawn()?;
    // The command holds the pipe's other end; without it, the pipe ends with the child.
    drop(command);
    let mut running = Running { child, pipe: Some(pipe) };
    match running.follow(output, stop) {
        Ok(None) => running.child.wait().map(Exit::Exited),
        Ok(Some(reason)) => {
            running.end(output)?;
            Ok(Exit::Interrupted(reason))
        }
        Err(error) => {
            running.end(output)?;
            Err(error)
        }
    }
}

struct Running {
    child: Child,
    /// What it prints; `None` when nobody has the other end any more.
    pipe: Option<PipeReader>,
}

impl Running {
    /// Passes output on until the child has ended; returns the reason when it shall be ended.
    fn follow(
        &mut self,
        output: &mut dyn FnMut(&[u8]),
        stop: &mut dyn FnMut() -> Option<String>,
    ) -> io::Result<Option<String>> {
        let ended = handle(&self.child)?;
        while !self.wait(&ended, ASK_EVERY)? {
            self.pass_on(output)?;
            if let Some(reason) = stop() {
                return Ok(Some(reason));
            }
        }
        self.pass_on_rest(output)?;
        Ok(None)
    }

    /// Waits for output or the child's end; says whether it has ended.
    fn wait(&self, ended: &OwnedFd, longest: Duration) -> io::Result<bool> {
        let pipe = self.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN));
        let child = PollFd::new(ended, PollFlags::IN);
        let mut polled: Vec<PollFd<'_>> = [child].into_iter().chain(pipe).collect();
        poll_for(&mut polled, longest)?;
        Ok(polled.first().is_some_and(|child| !child.revents().is_empty()))
    }

    /// Passes on what came until the child's end, and a little later from what it left behind.
    fn pass_on_rest(&mut self, output: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let latest = Instant::now() + LATEST;
        loop {
            while self.pass_on(output)? && Instant::now() < latest {}
            let Some(pipe) = &self.pipe else { return Ok(()) };
            if poll_for(&mut [PollFd::new(pipe, PollFlags::IN)], QUIET)? == 0 || Instant::now() >= latest {
                return Ok(());
            }
        }
    }

    /// Passes on what is there; says whether there was anything and more may come.
    fn pass_on(&mut self, output: &mut dyn FnMut(&[u8])) -> io::Result<bool> {
        let Some(pipe) = self.pipe.as_mut() else { return Ok(false) };
        let mut buffer = [0; 16 * 1024];
        match pipe.read(&mut buffer) {
            Ok(0) => self.pipe = None,
            Ok(length) => output(buffer.get(..length).unwrap_or_default()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        Ok(self.pipe.is_some())
    }

    /// Ends the child and all it started, by SIGTERM and then SIGKILL. The child stays a zombie until then, so that
    /// its id cannot mean another process or group.
    fn end(&mut self, output: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let mut tree = ProcessTree::of_leader(self.child.id());
        let ended = terminate(&mut tree, &mut || {
            while self.pass_on(output)? {}
            Ok(())
        });
        ended.and(self.child.wait().map(drop))
    }
}

/// Waits until something is to be read, at most `longest`, which is less than a second; says how many are ready.
fn poll_for(polled: &mut [PollFd<'_>], longest: Duration) -> io::Result<usize> {
    match poll(polled, Some(&Timespec { tv_sec: 0, tv_nsec: longest.subsec_nanos().into() })) {
        Err(rustix::io::Errno::INTR) => Ok(0),
        answer => Ok(answer?),
    }
}

fn handle(child: &Child) -> io::Result<OwnedFd> {
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let id = id.ok_or_else(|| io::Error::from(ErrorKind::InvalidInput))?;
    Ok(pidfd_open(id, PidfdFlags::empty())?)
}
