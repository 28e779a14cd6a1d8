//! The chain of an error's causes.

use std::error::Error;

/// Lists `error` and its causes, outermost first.
pub fn error_chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

/// Prints an error and its causes, outermost first. What the next cause says again, with more, is left out.
pub fn messages(error: &(dyn Error + 'static)) -> Vec<String> {
    let mut messages: Vec<String> = Vec::new();
    for message in error_chain(error).map(ToString::to_string) {
        if messages.last().is_some_and(|last| message.starts_with(last.as_str())) {
            messages.pop();
        }
        messages.push(message);
    }
    messages
}

/// Prints an error and its causes on one line: `cannot read x: permission denied`.
pub fn on_one_line(error: &(dyn Error + 'static)) -> String {
    messages(error).join(": ")
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::*;

    #[derive(Debug)]
    struct Said(&'static str, Option<Box<Said>>);

    impl fmt::Display for Said {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Said {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(self.1.as_deref()?)
        }
    }

    #[test]
    fn what_a_cause_says_again_is_left_out() {
        let cause = Said("cannot read the commit `3f2a` in `repos/shop`", Some(Box::new(Said("gone", None))));
        let error = Said("cannot read the commit", Some(Box::new(cause)));
        assert_eq!(on_one_line(&error), "cannot read the commit `3f2a` in `repos/shop`: gone");
    }
}
