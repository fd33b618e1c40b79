//! Zstandard, pushed: the decoder underneath wants whole blocks, so what has arrived of one is
//! carried until the rest is there (RFC 8878, section 3.1.1). It gives text out only when that has
//! left the window that later blocks may refer to, or at the end of a frame.

use std::io::{self, Write};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The longest window of a frame: what the coding allows over HTTP (RFC 9659).
const MAX_WINDOW: u64 = 8 << 20;

/// The longest head of a frame, in bytes.
const MAX_HEAD: usize = 18;

/// The length of a block's head.
const BLOCK_HEAD: usize = 3;

/// The length of the checksum behind a frame's last block.
const CHECKSUM: usize = 4;

/// A decoder in front of a sink.
pub(in crate::proxy) struct Zstd<W> {
    decoder: FrameDecoder,
    /// What has arrived and is not decoded yet.
    carried: Vec<u8>,
    /// Where the stream is: in a frame, with or without a checksum at its end, or between two.
    place: Place,
    sink: W,
}

#[derive(Clone, Copy)]
enum Place {
    Between,
    InFrame { checksum: usize },
}

impl<W: Write> Zstd<W> {
    pub(super) fn new(sink: W) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(MAX_WINDOW);
        Self {
            decoder,
            carried: Vec::new(),
            place: Place::Between,
            sink,
        }
    }

    pub(super) fn push(&mut self, piece: &[u8]) -> io::Result<()> {
        self.carried.extend_from_slice(piece);
        let mut taken = 0;
        while let Some(length) = self.step(taken)? {
            taken += length;
        }
        self.carried.drain(..taken);
        Ok(())
    }

    pub(super) fn end(&mut self) -> io::Result<()> {
        match self.place {
            Place::Between if self.carried.is_empty() => Ok(()),
            Place::Between | Place::InFrame { .. } => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    pub(super) fn sink(&mut self) -> &mut W {
        &mut self.sink
    }

    /// Decodes what stands at `start`, a frame's head or a block, and gives its length; `None` when
    /// it is not all there.
    fn step(&mut self, start: usize) -> io::Result<Option<usize>> {
        let rest = self.carried.get(start..).unwrap_or_default();
        match self.place {
            Place::Between => {
                let Some(flags) = rest.get(4) else {
                    return Ok(None);
                };
                let checksum = if flags & 4 == 0 { 0 } else { CHECKSUM };
                let mut head = rest;
                match self.decoder.init(&mut head) {
                    Ok(()) => {
                        self.place = Place::InFrame { checksum };
                        Ok(Some(rest.len() - head.len()))
                    }
                    Err(_) if rest.len() < MAX_HEAD => Ok(None),
                    Err(error) => Err(io::Error::other(error)),
                }
            }
            Place::InFrame { checksum } => {
                let Some(length) = block_length(rest, checksum) else {
                    return Ok(None);
                };
                let Some(mut block) = rest.get(..length) else {
                    return Ok(None);
                };
                let one = BlockDecodingStrategy::UptoBlocks(1);
                let is_last = self.decoder.decode_blocks(&mut block, one);
                if is_last.map_err(io::Error::other)? {
                    self.place = Place::Between;
                }
                self.decoder.collect_to_writer(&mut self.sink)?;
                Ok(Some(length))
            }
        }
    }
}

/// How long the block that begins here is, its head and what follows the last one included.
fn block_length(bytes: &[u8], checksum: usize) -> Option<usize> {
    let [first, second, third, ..] = *bytes else {
        return None;
    };
    let head = u32::from_le_bytes([first, second, third, 0]);
    let is_repeated = (head >> 1) & 3 == 1;
    let size = if is_repeated {
        1
    } else {
        usize::try_from(head >> 3).ok()?
    };
    let behind = if head & 1 == 1 { checksum } else { 0 };
    Some(BLOCK_HEAD + size + behind)
}
