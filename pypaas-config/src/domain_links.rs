//! What a domain file refers to, checked when all files are read.

use crate::certificate_files::CertificateFile;
use crate::references::Reference;
use crate::server_names::NameUse;

/// The names and references of a domain file, even of a broken one.
#[derive(Debug, Default)]
pub(crate) struct DomainLinks {
    /// The server names of the domain.
    pub(crate) name_uses: Vec<NameUse>,
    /// The certificate files that it names.
    pub(crate) certificate_files: Vec<CertificateFile>,
    /// The upstreams of its locations.
    pub(crate) references: Vec<Reference>,
}
