//! A file without a name, for the beginning of a form whose model stands behind its file. It is gone when it is closed, and
//! nobody else can open it. It is written and read by threads that may wait for a disk.

use std::{fs::File, io, os::unix::fs::FileExt, sync::Arc};

use axum::body::Body;
use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::{FormReader, next};
use crate::error::Error;

/// How much is read from the file at once.
const STEP: usize = 64 << 10;

/// How much is written to the file at once.
const BATCH: usize = 1 << 20;

/// A file with the beginning of a form.
pub(super) struct Spool {
    file: Arc<File>,
    length: usize,
}

/// A part of the file, to be read in steps.
pub(super) struct Part {
    file: Arc<File>,
    at: usize,
    end: usize,
}

/// Writes `held` and what follows into a file until the form's model is known or the form is over.
pub(super) async fn until_model(
    held: Bytes,
    body: &mut Body,
    reader: &mut FormReader,
    limit: usize,
) -> Result<(Spool, Option<Body>), Error> {
    let file = blocking(tempfile::tempfile).await?;
    let mut spool = Spool {
        file: Arc::new(file),
        length: 0,
    };
    spool.write(held.to_vec()).await?;
    let mut batch = Vec::new();
    let mut is_over = false;
    while reader.ask().model().is_none() {
        let Some(piece) = next(body).await? else {
            is_over = true;
            break;
        };
        reader.feed(&piece)?;
        batch.extend_from_slice(&piece);
        if spool.length + batch.len() > limit {
            return Err(Error::TooLarge {
                limit,
                variable: "MODELPORT_UPLOAD_LIMIT",
            });
        }
        if batch.len() >= BATCH {
            spool.write(std::mem::take(&mut batch)).await?;
        }
    }
    spool.write(batch).await?;
    let rest = (!is_over).then(|| std::mem::take(body));
    Ok((spool, rest))
}

/// Does what may wait for a disk.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, Error> {
    match spawn_blocking(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => {
            tracing::error!(target: "modelport", %error, "an upload found no room in the directory for temporary files");
            Err(Error::Internal)
        }
        Err(_) => Err(Error::Internal),
    }
}

impl Spool {
    pub(super) fn len(&self) -> usize {
        self.length
    }

    async fn write(&mut self, bytes: Vec<u8>) -> Result<(), Error> {
        let (file, at) = (Arc::clone(&self.file), place(self.length));
        self.length += bytes.len();
        blocking(move || file.write_all_at(&bytes, at)).await
    }

    pub(super) fn part(&self, at: usize, end: usize) -> Part {
        Part {
            file: Arc::clone(&self.file),
            at,
            end,
        }
    }
}

impl Part {
    /// The next step; `None` when it has been read.
    pub(super) fn read(&mut self) -> Option<tokio::task::JoinHandle<io::Result<Bytes>>> {
        let length = STEP.min(self.end.saturating_sub(self.at));
        if length == 0 {
            return None;
        }
        let (file, at) = (Arc::clone(&self.file), place(self.at));
        self.at += length;
        Some(spawn_blocking(move || {
            let mut bytes = vec![0; length];
            file.read_exact_at(&mut bytes, at)?;
            Ok(Bytes::from(bytes))
        }))
    }
}

fn place(at: usize) -> u64 {
    u64::try_from(at).unwrap_or(u64::MAX)
}
