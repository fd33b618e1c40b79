use http::HeaderValue;
use proptest::prelude::*;

use super::*;

fn headers(label: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(label).unwrap());
    headers
}

fn reader() -> FormReader {
    FormReader::new(&headers("multipart/form-data; boundary=XX")).unwrap()
}

/// What is asked for by a form that arrives in pieces of `size` bytes.
fn read(form: &str, size: usize) -> Result<FormAsk, Error> {
    let mut reader = reader();
    for piece in form.as_bytes().chunks(size) {
        reader.feed(piece)?;
    }
    Ok(reader.ask().clone())
}

fn part(name: &str, value: &str) -> String {
    format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

fn file(bytes: &str) -> String {
    format!(
        "--XX\r\nContent-Disposition: form-data; filename=\"a; name=\\\"model\\\".mp3\"; name=\"file\"\r\nContent-Type: audio/mpeg\r\n\r\n{bytes}\r\n"
    )
}

#[test]
fn the_model_is_found_wherever_it_stands() {
    for form in [
        format!("{}{}--XX--\r\n", part("model", "whisper-1"), file("abc")),
        format!(
            "{}{}--XX--",
            file("a\r\n--X\r\n--Xmodel"),
            part("model", "whisper-1")
        ),
        format!("preamble\r\n{}--XX--\r\n", part("model", "whisper-1")),
        "--XX\r\n\r\nno head\r\n--XX  \r\ncontent-disposition:form-data;name=model\r\n\r\nwhisper-1\r\n--XX--".to_owned(),
    ] {
        for size in [1, 3, 1000] {
            let ask = read(&form, size).unwrap();
            assert_eq!(ask.model(), Some("whisper-1"), "{form}");
            assert_eq!(&form[ask.model_place().unwrap()], "whisper-1");
            assert!(!ask.stream());
        }
    }
    let none = read(&format!("{}--XX--", file("x")), 7).unwrap();
    assert_eq!(none, FormAsk::default());
    let stream = read(&format!("{}--XX--", part("stream", "true")), 7).unwrap();
    assert!(stream.stream());
}

#[test]
fn bad_forms_are_refused_with_a_reason() {
    let said = |form: String| read(&format!("{form}--XX--"), 9).unwrap_err().to_string();
    let twice = format!("{}{}", part("model", "a"), part("model", "b"));
    assert!(said(twice).contains("model"));
    assert!(said(part("model", "a b")).contains("model"));
    assert!(said(part("model", "")).contains("model"));
    assert!(said(part("model", &"m".repeat(5000))).contains("too long"));
    assert!(said(format!("--XX\r\nx: {}", "h".repeat(20_000))).contains("head"));
    for label in [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"open",
    ] {
        assert!(FormReader::new(&headers(label)).is_err(), "{label}");
    }
    assert!(is_form(&headers("Multipart/Form-Data; boundary=x")));
    assert!(!is_form(&headers("application/json")));
}

#[test]
fn a_large_file_is_not_kept() {
    let mut reader = reader();
    reader.feed(file("").trim_end().as_bytes()).unwrap();
    reader.feed(b"\r\n\r\n").unwrap();
    for _ in 0..1000 {
        reader.feed(&[b'\r'; 4096]).unwrap();
        assert!(reader.carried.capacity() < 64 << 10);
    }
}

proptest! {
    /// However a form is cut, the same is read of it, and the place is that of the name.
    #[test]
    fn cuts_make_no_difference(before in "[\\r\\n\\-Xa]{0,40}", model in "[a-z/:.-]{1,20}", size in 1_usize..50) {
        let form = format!("{}{}--XX--", file(&before), part("model", &model));
        let ask = read(&form, size).unwrap();
        prop_assert_eq!(&ask, &read(&form, form.len()).unwrap());
        if !before.contains("\r\n--XX") && !before.starts_with("--XX") {
            prop_assert_eq!(ask.model(), Some(model.as_str()));
            prop_assert_eq!(&form[ask.model_place().unwrap()], model.as_str());
        }
    }
}
