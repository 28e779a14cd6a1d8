//! Whoever asked for a change and waits for it.

/// The person or program at the other end of the connection.
pub trait Caller {
    /// Says why the change should be abandoned: the connection is gone, or a signal asked to stop. `None`: go on.
    fn wants_to_stop(&mut self) -> Option<String>;
}
