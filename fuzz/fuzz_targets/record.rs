//! The record of a branch: what is read can be written and read again, and stays the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pypaas_core::{Record, WebJournal};

fuzz_target!(|data: &[u8]| {
    if let Ok(record) = serde_json::from_slice::<Record>(data) {
        let written = serde_json::to_string(&record).expect("a record can be written");
        assert_eq!(serde_json::from_str::<Record>(&written).expect("what was written can be read"), record);
        assert!(record.next_release() >= record.live.as_ref().map_or(0, |live| live.release));
    }
    if let Ok(journal) = serde_json::from_slice::<WebJournal>(data) {
        let written = serde_json::to_string(&journal).expect("a note can be written");
        assert_eq!(serde_json::from_str::<WebJournal>(&written).expect("what was written can be read"), journal);
    }
});
