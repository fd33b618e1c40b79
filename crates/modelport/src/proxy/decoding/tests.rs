use std::io::Write;

use http::{HeaderMap, HeaderValue, header};

use super::{Coding, Decoder, MAX_WHOLE, whole};

const TEXT: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}]}\n\ndata: [DONE]\n\n";

/// [`TEXT`] by the `brotli` program.
const BROTLI: &[u8] = include_bytes!("tests/text.br");
/// [`TEXT`] by the `zstd` program, with a checksum.
const ZSTD: &[u8] = include_bytes!("tests/text.zst");

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn deflate(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn coded(values: &[&'static str]) -> HeaderMap {
    let value = |text: &&'static str| (header::CONTENT_ENCODING, HeaderValue::from_static(text));
    values.iter().map(value).collect()
}

#[test]
fn the_headers_name_the_coding() {
    for (values, coding) in [
        (&[][..], Coding::Identity),
        (&["identity"], Coding::Identity),
        (&["", "identity , GZIP"], Coding::Gzip),
        (&["x-gzip"], Coding::Gzip),
        (&["br"], Coding::Brotli),
        (&["zstd"], Coding::Zstd),
        (&["deflate"], Coding::Deflate),
        (&["gzip, br"], Coding::Unknown),
        (&["gzip", "br"], Coding::Unknown),
        (&["compress"], Coding::Unknown),
    ] {
        assert_eq!(Coding::of(&coded(values)), coding, "{values:?}");
    }
}

#[test]
fn a_body_reads_the_same_whatever_pieces_it_comes_in() {
    for (coding, body) in [
        (Coding::Identity, TEXT.as_bytes().to_vec()),
        (Coding::Gzip, gzip(TEXT.as_bytes())),
        (Coding::Deflate, zlib(TEXT.as_bytes())),
        (Coding::Deflate, deflate(TEXT.as_bytes())),
        (Coding::Brotli, BROTLI.to_vec()),
        (Coding::Zstd, ZSTD.to_vec()),
        (Coding::Zstd, [ZSTD, ZSTD].concat()),
        (Coding::Gzip, [gzip(b"da"), gzip(b"ta: x")].concat()),
    ] {
        let mut texts = Vec::new();
        for size in [1, 2, 7, body.len()] {
            let mut decoder = Decoder::new(coding, body[0], Vec::new()).unwrap();
            for piece in body.chunks(size) {
                decoder.push(piece).unwrap();
            }
            decoder.end().unwrap();
            texts.push(std::mem::take(decoder.sink()));
        }
        assert!(texts[0].starts_with(b"data: "), "{coding:?}");
        assert!(texts.iter().all(|text| *text == texts[0]), "{coding:?}");
    }
}

#[test]
fn what_was_flushed_is_read_at_once() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut decoder = Decoder::new(Coding::Gzip, 0x1f, Vec::new()).unwrap();
    for event in ["data: 1\n\n", "data: 2\n\n"] {
        encoder.write_all(event.as_bytes()).unwrap();
        encoder.flush().unwrap();
        decoder.push(&std::mem::take(encoder.get_mut())).unwrap();
        assert_eq!(std::mem::take(decoder.sink()), event.as_bytes());
    }
}

#[test]
fn a_body_that_ends_early_or_is_something_else_is_noticed() {
    for (coding, body) in [
        (Coding::Gzip, gzip(TEXT.as_bytes())),
        (Coding::Deflate, zlib(TEXT.as_bytes())),
        (Coding::Brotli, BROTLI.to_vec()),
        (Coding::Zstd, ZSTD.to_vec()),
    ] {
        let cut = &body[..body.len() - 5];
        let mut decoder = Decoder::new(coding, cut[0], Vec::new()).unwrap();
        let result = decoder.push(cut).and_then(|()| decoder.end());
        assert!(result.is_err(), "{coding:?}");
        let other = b"{\"choices\": []} and then some more to read";
        let mut decoder = Decoder::new(coding, other[0], Vec::new()).unwrap();
        let result = decoder.push(other).and_then(|()| decoder.end());
        assert!(result.is_err(), "{coding:?}");
    }
}

#[test]
fn a_whole_body_is_read_within_bounds() {
    let read = |coding: &'static str, body: &[u8]| whole(&coded(&[coding]), body);
    assert_eq!(read("gzip", &gzip(b"no")).unwrap(), b"no");
    assert_eq!(read("br", BROTLI).unwrap(), TEXT.as_bytes());
    assert_eq!(read("identity", b"no"), None);
    assert_eq!(read("compress", b"no"), None);
    assert_eq!(read("gzip", b"{}"), None);
    assert_eq!(read("gzip", b""), None);
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(read("gzip", &bomb).unwrap().len() <= MAX_WHOLE);
}
