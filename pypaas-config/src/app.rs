//! What the files of an app itself say of how it is run, with the keys of a branch.

use crate::fields::Field;
use crate::file::{self, Reader};
use crate::finding::Findings;
use crate::source_text::SourceText;
use crate::{Branch, Diagnostic, RunnerType, SourceFile, report};

/// Decodes a file that an app brings; `types` are the types of runners. Returns all that is wrong with it if it has an error.
pub fn read_app(file: &SourceFile, types: &[RunnerType]) -> Result<Branch, Vec<Diagnostic>> {
    let mut findings = Findings::new(types.into());
    let (source, broken_at) = SourceText::new(file);
    if let Some(at) = broken_at {
        findings.add(file::not_utf8(0, at));
    }
    let mut reader = Reader { number: 0, source: &source, findings: &mut findings };
    let decode = |field: Field<'_>, findings: &mut Findings| Branch::decode(field, findings);
    match reader.decode(decode) {
        Some(branch) => Ok(branch),
        None => {
            let sources = [source];
            Err(findings.sorted().iter().map(|finding| report::render(finding, &sources)).collect())
        }
    }
}
