//! Where documents go: standard output, one file, or numbered files. Each is written under another name, and all get
//! their own when the last one is complete, so that a failure leaves nothing that looks like a document.

use std::fs::Permissions;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use packtwin_app::translate::{Form, OutputFault, Outputs};
use tempfile::{NamedTempFile, TempPath};

/// Bytes gathered before they are written.
const BUFFER_BYTES: usize = 128 * 1024;
/// Digits of a number in a file's name, at least.
const DIGITS_MIN: usize = 4;

/// The outputs of one translation.
pub(super) struct OutputSet {
    place: Place,
    form: Form,
    /// The names that the documents will have, in their order.
    names: std::vec::IntoIter<PathBuf>,
    open: Option<Open>,
    complete: Vec<(TempPath, PathBuf)>,
    existing: Existing,
    /// The files that the same command reads or writes.
    own: Vec<PathBuf>,
}

/// What becomes of a file that has the name of a document already.
#[derive(Clone, Copy)]
pub(super) enum Existing {
    /// It stays, and the translation is refused.
    Refused,
    /// The document takes its place.
    Replaced,
}

enum Place {
    Standard,
    File(PathBuf),
    Folder(PathBuf),
}

enum Open {
    Standard(BufWriter<Stdout>),
    File(BufWriter<NamedTempFile>, PathBuf),
}

impl OutputSet {
    /// What `-o` names; a folder when there is one of this name or when it ends with a slash.
    /// Files in `own` are never written over.
    pub(super) fn new(
        named: Option<&Path>,
        form: Form,
        existing: Existing,
        own: Vec<PathBuf>,
    ) -> Self {
        let place = match named {
            None => Place::Standard,
            Some(path) if path == Path::new("-") => Place::Standard,
            Some(path) if path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/") => {
                Place::Folder(path.to_owned())
            }
            Some(path) => Place::File(path.to_owned()),
        };
        OutputSet {
            place,
            form,
            names: Vec::new().into_iter(),
            open: None,
            complete: Vec::new(),
            existing,
            own,
        }
    }

    /// Gives every document its name. Answers the names; none for standard output.
    pub(super) fn finish(mut self) -> io::Result<Vec<PathBuf>> {
        self.close()?;
        let mut written = Vec::with_capacity(self.complete.len());
        for (unnamed, name) in self.complete {
            // A file may have come since the names were looked at.
            let named = match self.existing {
                Existing::Refused => unnamed.persist_noclobber(&name),
                Existing::Replaced => unnamed.persist(&name),
            };
            named.map_err(|error| {
                io::Error::new(
                    error.error.kind(),
                    format!("{}: {}", name.display(), error.error),
                )
            })?;
            written.push(name);
        }
        Ok(written)
    }

    /// Ends the document that is being written.
    fn close(&mut self) -> io::Result<()> {
        match self.open.take() {
            None => Ok(()),
            Some(Open::Standard(mut out)) => out.flush(),
            Some(Open::File(file, name)) => {
                let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.as_file().sync_all()?;
                self.complete.push((file.into_temp_path(), name));
                Ok(())
            }
        }
    }

    /// The names of `documents` numbered files.
    fn numbered(
        &self,
        folder: &Path,
        stem: &str,
        documents: u64,
    ) -> Result<Vec<PathBuf>, OutputFault> {
        let ending = match &self.place {
            Place::File(path) => path
                .extension()
                .map(|ending| ending.to_string_lossy().into_owned()),
            Place::Standard | Place::Folder(_) => Some(self.form.ending().to_owned()),
        };
        let ending = ending.map_or(String::new(), |ending| format!(".{ending}"));
        refuse_earlier(folder, stem, &ending)?;
        let name = |number| folder.join(format!("{stem}{number:0DIGITS_MIN$}{ending}"));
        Ok((1..=documents).map(name).collect())
    }
}

/// Refuses a name under which something stands that is not to be written over; files in `own` never are.
pub(super) fn refuse_existing(
    name: &Path,
    existing: Existing,
    own: &[PathBuf],
) -> Result<(), String> {
    if std::fs::symlink_metadata(name).is_err() {
        return Ok(());
    }
    let is_other = std::fs::metadata(name).is_ok_and(|found| !found.is_file());
    let place = name.display();
    let true_name = |path: &Path| path.canonicalize().ok();
    if own
        .iter()
        .any(|path| true_name(path).is_some_and(|path| true_name(name) == Some(path)))
    {
        return Err(format!(
            "{place} is named twice, and what is read or written for one purpose cannot be written over for another; name another file"
        ));
    }
    match existing {
        Existing::Refused => Err(format!(
            "{place} is there already; name another file, or write over it by --force"
        )),
        // A device or a folder would be lost and not filled.
        Existing::Replaced if is_other => {
            Err(format!("{place} is no file and cannot be written over"))
        }
        Existing::Replaced => Ok(()),
    }
}

/// Numbered files of another run beside ours would be taken for ours.
fn refuse_earlier(folder: &Path, stem: &str, ending: &str) -> Result<(), OutputFault> {
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let number = name
            .to_str()
            .and_then(|name| name.strip_prefix(stem)?.strip_suffix(ending));
        if number.is_some_and(|digits| {
            digits.len() >= DIGITS_MIN && digits.bytes().all(|byte| byte.is_ascii_digit())
        }) {
            return Err(OutputFault::NoPlace(format!(
                "{} is there from an earlier run and would be taken for a document of this one; remove it or name another place",
                folder.join(name).display()
            )));
        }
    }
    Ok(())
}

impl Outputs for OutputSet {
    fn announce(&mut self, documents: u64) -> Result<(), OutputFault> {
        let names = match (&self.place, documents) {
            (Place::Standard, 0 | 1) => {
                if self.form == Form::Xlsx && io::stdout().is_terminal() {
                    let text = "a workbook cannot be shown on a terminal; name a file by -o";
                    return Err(OutputFault::NoPlace(text.to_owned()));
                }
                Vec::new()
            }
            (Place::Standard, several) => {
                return Err(OutputFault::NoPlace(format!(
                    "the packs need {several} documents, and standard output takes one; name a file or a folder by -o, or raise --max-packs"
                )));
            }
            (Place::File(path), 0 | 1) => vec![path.clone()],
            (Place::File(path), several) => {
                let stem = path.file_stem().unwrap_or_default().to_string_lossy();
                self.numbered(parent(path), &format!("{stem}-"), several)?
            }
            (Place::Folder(folder), documents) => {
                std::fs::create_dir_all(folder)?;
                self.numbered(folder, "", documents)?
            }
        };
        for name in &names {
            refuse_existing(name, self.existing, &self.own).map_err(OutputFault::NoPlace)?;
        }
        self.names = names.into_iter();
        Ok(())
    }

    fn is_final(&self) -> bool {
        matches!(self.place, Place::Standard)
    }

    fn next(&mut self) -> io::Result<&mut (dyn Write + Send)> {
        self.close()?;
        let open = match (&self.place, self.names.next()) {
            (Place::Standard, _) => {
                Open::Standard(BufWriter::with_capacity(BUFFER_BYTES, io::stdout()))
            }
            (Place::File(_) | Place::Folder(_), Some(name)) => {
                let file = tempfile::Builder::new()
                    .prefix(".packtwin-")
                    .suffix(".part")
                    // As any new file: what the user's mask leaves of it.
                    .permissions(Permissions::from_mode(0o666))
                    .tempfile_in(parent(&name));
                let file = super::named(parent(&name), file)?;
                Open::File(BufWriter::with_capacity(BUFFER_BYTES, file), name)
            }
            (Place::File(_) | Place::Folder(_), None) => {
                return Err(io::Error::other("more documents than were announced"));
            }
        };
        Ok(match self.open.insert(open) {
            Open::Standard(out) => out,
            Open::File(out, _) => out,
        })
    }
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
