//! The admin's `deploy_logger_cmd`, which gets what a deploy prints, and which a deploy never waits for without end.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use pypaas_core::Environment;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::terminal;

/// How much may wait for the logger to read it.
const LONGEST_QUEUE: usize = 4 * 1024 * 1024;

/// How long the logger may read nothing while so much waits, and how long it may take for the rest when all is said.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often it is looked at meanwhile.
const INTERVAL: Duration = Duration::from_millis(10);

/// A running logger. Another thread writes to it: what it does not read stops nobody.
#[derive(Debug)]
pub(crate) struct DeployLogger {
    child: Child,
    /// `None` when nothing more is given to it.
    queue: Option<Sender<Vec<u8>>>,
    /// How many bytes wait.
    waiting: Arc<AtomicUsize>,
}

impl DeployLogger {
    /// Starts the shell command `line`, in a process group of its own.
    pub(crate) fn start(line: &str, environment: &Environment) -> io::Result<Self> {
        let mut child = Command::new("/bin/sh")
            .args(["-c", line])
            .env_clear()
            .envs(environment.iter())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let (queue, queued) = channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        if let Some(input) = child.stdin.take() {
            let waiting = Arc::clone(&waiting);
            thread::spawn(move || write_all(input, &queued, &waiting));
        }
        Ok(Self { child, queue: Some(queue), waiting })
    }

    /// Gives it `bytes`. One that has ended gets nothing; one that stopped reading is given up after a while.
    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let Some(queue) = &self.queue else { return };
        let began = Instant::now();
        while self.waiting.load(Ordering::SeqCst) > LONGEST_QUEUE {
            if began.elapsed() > PATIENCE {
                return self.give_up();
            }
            thread::sleep(INTERVAL);
        }
        self.waiting.fetch_add(bytes.len(), Ordering::SeqCst);
        if queue.send(bytes.to_vec()).is_err() {
            self.queue = None;
        }
    }

    /// Ends it and all it started.
    fn give_up(&mut self) {
        self.queue = None;
        terminal::err("warning: `deploy_logger_cmd` did not read all it was given, and was ended\n");
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // It is not waited for yet, so the id is still its own.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

impl Drop for DeployLogger {
    /// Lets it read to the end of its input, and end.
    fn drop(&mut self) {
        self.queue = None;
        let began = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if began.elapsed() > PATIENCE {
                return self.give_up();
            }
            thread::sleep(INTERVAL);
        }
    }
}

/// Writes what comes until nothing more does, or nobody reads it.
fn write_all(mut input: ChildStdin, queued: &Receiver<Vec<u8>>, waiting: &AtomicUsize) {
    for bytes in queued {
        if input.write_all(&bytes).is_err() {
            return waiting.store(0, Ordering::SeqCst);
        }
        waiting.fetch_sub(bytes.len(), Ordering::SeqCst);
    }
}
