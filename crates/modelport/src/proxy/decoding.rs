//! Reading what a provider has compressed, beside passing it on as it came. Bytes are pushed in and
//! come out at a sink, so that nothing waits for a reader; what is decoded is bounded, since a few
//! bytes can stand for gigabytes.

use std::io::{self, Write};

use brotli_decompressor::DecompressorWriter;
use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http::{HeaderMap, header};

mod zstd;

use zstd::Zstd;

/// The most that a whole compressed body is decoded to.
const MAX_WHOLE: usize = 4 << 20;

/// What Brotli hands on at once, in bytes.
const BROTLI_BUFFER: usize = 16 << 10;

/// How a body is coded for its transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    /// Not at all.
    Identity,
    /// `gzip`.
    Gzip,
    /// `deflate`.
    Deflate,
    /// `br`.
    Brotli,
    /// `zstd`.
    Zstd,
    /// In a way, or in more ways than one, that are not read here.
    Unknown,
}

impl Coding {
    /// What the headers say.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        if !headers.contains_key(header::CONTENT_ENCODING) {
            return Self::Identity;
        }
        let mut found = Self::Identity;
        for value in headers.get_all(header::CONTENT_ENCODING) {
            for word in value.as_bytes().split(|byte| *byte == b',') {
                let coding = Self::named(word.trim_ascii());
                if coding == Self::Identity {
                    continue;
                }
                if found != Self::Identity {
                    return Self::Unknown;
                }
                found = coding;
            }
        }
        found
    }

    fn named(word: &[u8]) -> Self {
        match word.to_ascii_lowercase().as_slice() {
            b"" | b"identity" => Self::Identity,
            b"gzip" | b"x-gzip" => Self::Gzip,
            b"deflate" => Self::Deflate,
            b"br" => Self::Brotli,
            b"zstd" => Self::Zstd,
            _ => Self::Unknown,
        }
    }
}

/// Decodes what is pushed into it, and pushes it on into a sink.
pub(super) enum Decoder<W: Write> {
    Plain(W),
    Gzip(Box<MultiGzDecoder<W>>),
    Zlib(Box<ZlibDecoder<W>>),
    Deflate(Box<DeflateDecoder<W>>),
    Brotli(Box<DecompressorWriter<W>>),
    Zstd(Box<Zstd<W>>),
}

impl<W: Write> Decoder<W> {
    /// A decoder of a body that begins with the byte `first`; `None` when nothing here reads it.
    pub(super) fn new(coding: Coding, first: u8, sink: W) -> Option<Self> {
        Some(match coding {
            Coding::Identity => Self::Plain(sink),
            Coding::Gzip => Self::Gzip(Box::new(MultiGzDecoder::new(sink))),
            // The name stands for the zlib format (RFC 9110, section 8.4.1.2), but some servers
            // leave its wrapper out.
            Coding::Deflate if first & 0x0f == 8 => Self::Zlib(Box::new(ZlibDecoder::new(sink))),
            Coding::Deflate => Self::Deflate(Box::new(DeflateDecoder::new(sink))),
            Coding::Brotli => Self::Brotli(Box::new(DecompressorWriter::new(sink, BROTLI_BUFFER))),
            Coding::Zstd => Self::Zstd(Box::new(Zstd::new(sink))),
            Coding::Unknown => return None,
        })
    }

    /// Decodes a piece, and hands on all that can be known from it.
    ///
    /// # Errors
    ///
    /// When the bytes are not of this coding, or the sink takes no more.
    pub(super) fn push(&mut self, piece: &[u8]) -> io::Result<()> {
        fn all(into: &mut impl Write, piece: &[u8]) -> io::Result<()> {
            into.write_all(piece)?;
            into.flush()
        }
        match self {
            Self::Plain(sink) => sink.write_all(piece),
            Self::Gzip(decoder) => all(decoder, piece),
            Self::Zlib(decoder) => all(decoder, piece),
            Self::Deflate(decoder) => all(decoder, piece),
            Self::Brotli(decoder) => decoder.write_all(piece),
            Self::Zstd(decoder) => decoder.push(piece),
        }
    }

    /// The end of the body.
    ///
    /// # Errors
    ///
    /// When the coding says that more should have come.
    pub(super) fn end(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Gzip(decoder) => decoder.try_finish(),
            Self::Zlib(decoder) => decoder.try_finish(),
            Self::Deflate(decoder) => decoder.try_finish(),
            Self::Brotli(decoder) => decoder.close(),
            Self::Zstd(decoder) => decoder.end(),
        }
    }

    /// The sink.
    pub(super) fn sink(&mut self) -> &mut W {
        match self {
            Self::Plain(sink) => sink,
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zlib(decoder) => decoder.get_mut(),
            Self::Deflate(decoder) => decoder.get_mut(),
            Self::Brotli(decoder) => decoder.get_mut(),
            Self::Zstd(decoder) => decoder.sink(),
        }
    }
}

/// A whole compressed body as it reads, as far as it can be read; `None` for one that is not
/// compressed, or in a way that is not read here.
pub(super) fn whole(headers: &HeaderMap, body: &[u8]) -> Option<Vec<u8>> {
    let coding = Coding::of(headers);
    let first = *body.first()?;
    if coding == Coding::Identity {
        return None;
    }
    let mut decoder = Decoder::new(coding, first, Bounded(Vec::new()))?;
    // What comes before a fault, such as a missing end, reads all the same.
    let _ = decoder.push(body).and_then(|()| decoder.end());
    let text = std::mem::take(&mut decoder.sink().0);
    (!text.is_empty()).then_some(text)
}

/// Bytes up to [`MAX_WHOLE`].
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_WHOLE {
            return Err(io::Error::other("the decoded body is too long"));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
