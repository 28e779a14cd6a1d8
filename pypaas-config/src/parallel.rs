//! Parallel processing of a list.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The number of items that justify another thread.
const ITEMS_PER_THREAD: usize = 64;
/// The number of items that a thread takes at once; small, because a new thread may start late.
const BATCH: usize = 16;

/// Applies `work` to each of `items` and its index, on several threads if there are enough items. Returns the results in
/// the order of the items.
#[expect(clippy::disallowed_methods, reason = "decoding a thousand files takes less time on all processors")]
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(usize, &T) -> R + Sync) -> Vec<R> {
    let max_workers = items.len().div_ceil(ITEMS_PER_THREAD);
    // Asking for the number of processors takes time, too.
    let workers = if max_workers > 1 {
        thread::available_parallelism().map_or(1, |count| count.get().min(max_workers))
    } else {
        1
    };
    let next = AtomicUsize::new(0);
    let worker = || {
        let mut done = Vec::new();
        loop {
            let start = next.fetch_add(BATCH, Ordering::Relaxed);
            let batch = items.iter().enumerate().skip(start).take(BATCH);
            done.extend(batch.map(|(position, item)| (position, work(position, item))));
            if start + BATCH >= items.len() {
                return done;
            }
        }
    };
    let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
    let mut put = |done: Vec<(usize, R)>| {
        for (position, result) in done {
            if let Some(slot) = results.get_mut(position) {
                *slot = Some(result);
            }
        }
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..workers).map(|_| scope.spawn(worker)).collect();
        put(worker());
        others.into_iter().for_each(|other| put(other.join().unwrap_or_else(|panic| resume_unwind(panic))));
    });
    results.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_however_many_there_are() {
        for count in [0, 1, BATCH, ITEMS_PER_THREAD, ITEMS_PER_THREAD + 1, 5 * ITEMS_PER_THREAD + 3] {
            let items: Vec<usize> = (0..count).collect();
            let results = map(&items, |position, item| (position, 2 * item));
            assert_eq!(results, items.iter().map(|item| (*item, 2 * item)).collect::<Vec<_>>());
        }
    }
}
