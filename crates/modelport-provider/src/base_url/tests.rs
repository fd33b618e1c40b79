mod openai_compatible_provider {
    use proptest::prelude::*;

    use super::super::{BaseUrl, BaseUrlFault, MAX_BASE_URL};

    fn parse(text: &str) -> BaseUrl {
        BaseUrl::parse(text).unwrap()
    }

    fn check_chat(text: &str, chat: &str) {
        assert_eq!(
            parse(text).endpoint("/chat/completions").to_string(),
            chat,
            "{text}"
        );
    }

    #[test]
    fn a_known_host_completes_its_path() {
        let check = check_chat;

        check(
            "https://openrouter.ai/api/v1",
            "https://openrouter.ai/api/v1/chat/completions",
        );
        check(
            "https://openrouter.ai/api/v1///",
            "https://openrouter.ai/api/v1/chat/completions",
        );
        check(
            "https://openrouter.ai",
            "https://openrouter.ai/api/v1/chat/completions",
        );
        check(
            "https://openrouter.ai/api",
            "https://openrouter.ai/api/v1/chat/completions",
        );
        check(
            "https://openrouter.ai/api/",
            "https://openrouter.ai/api/v1/chat/completions",
        );
        check(
            "https://api.openai.com",
            "https://api.openai.com/v1/chat/completions",
        );
        check(
            "https://API.OpenAI.com./v1/",
            "https://api.openai.com/v1/chat/completions",
        );
        check(
            "https://api.together.xyz",
            "https://api.together.xyz/v1/chat/completions",
        );
        check(
            "https://api.groq.com",
            "https://api.groq.com/openai/v1/chat/completions",
        );
        check(
            "https://api.groq.com/openai",
            "https://api.groq.com/openai/v1/chat/completions",
        );
        check(
            "https://api.deepseek.com",
            "https://api.deepseek.com/chat/completions",
        );
        check(
            "https://api.deepseek.com/v1",
            "https://api.deepseek.com/v1/chat/completions",
        );
        check(
            "https://api.fireworks.ai/",
            "https://api.fireworks.ai/inference/v1/chat/completions",
        );
        check(
            "https://api.perplexity.ai",
            "https://api.perplexity.ai/chat/completions",
        );
        check(
            "https://generativelanguage.googleapis.com",
            "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
        );
    }

    #[test]
    fn what_people_paste_is_normalised() {
        let check = check_chat;

        check(
            "http://localhost:8000",
            "http://localhost:8000/v1/chat/completions",
        );
        check(
            "http://localhost:8000/v1",
            "http://localhost:8000/v1/chat/completions",
        );
        check(
            "http://[::1]:8000/",
            "http://[::1]:8000/v1/chat/completions",
        );
        check("https://h.test:443", "https://h.test/v1/chat/completions");
        check(
            " https://h.test/mounted/here ",
            "https://h.test/mounted/here/chat/completions",
        );
        check("https://h.test/api", "https://h.test/api/chat/completions");
        check(
            "https://h.test/v1/chat/completions",
            "https://h.test/v1/chat/completions",
        );
        check(
            "https://h.test/v1/completions/",
            "https://h.test/v1/chat/completions",
        );
        check(
            "https://h.test/v1/embeddings",
            "https://h.test/v1/chat/completions",
        );
        check(
            "https://h.test/v1/models",
            "https://h.test/v1/chat/completions",
        );
        check(
            "https://h.test/chat/completions",
            "https://h.test/v1/chat/completions",
        );
        check(
            "https://h.test/v1?team=a#part",
            "https://h.test/v1/chat/completions?team=a",
        );
        check("https://h.test/v1?", "https://h.test/v1/chat/completions");
    }

    #[test]
    fn azure_knows_two_families_of_paths() {
        let check = |text: &str, chat: &str| {
            let uri = parse(text).endpoint_for_model("/chat/completions", "my/gpt");
            assert_eq!(uri.to_string(), chat, "{text}");
        };
        let root = "https://r.openai.azure.com";

        check(
            root,
            "https://r.openai.azure.com/openai/v1/chat/completions",
        );
        check(
            &format!("{root}/openai/v1/"),
            "https://r.openai.azure.com/openai/v1/chat/completions",
        );
        check(
            &format!("{root}/openai"),
            "https://r.openai.azure.com/openai/v1/chat/completions",
        );
        check(
            &format!("{root}?api-version=preview"),
            "https://r.openai.azure.com/openai/v1/chat/completions?api-version=preview",
        );
        let dated = "https://r.openai.azure.com/openai/deployments/my%2Fgpt/chat/completions?api-version=2024-10-21";
        check(&format!("{root}/?api-version=2024-10-21"), dated);
        check(&format!("{root}/openai?api-version=2024-10-21"), dated);
        check(
            &format!("{root}/openai/deployments/fixed/chat/completions?api-version=2024-10-21"),
            "https://r.openai.azure.com/openai/deployments/fixed/chat/completions?api-version=2024-10-21",
        );
        check(
            "https://vm.cloudapp.azure.com",
            "https://vm.cloudapp.azure.com/v1/chat/completions",
        );
    }

    #[test]
    fn faults_do_not_repeat_the_text() {
        let check = |text: &str, expected: BaseUrlFault| {
            let fault = BaseUrl::parse(text).unwrap_err();
            assert!(!fault.to_string().contains("hush"), "{fault}");
            assert_eq!(fault, expected, "{text}");
        };

        check("  ", BaseUrlFault::Empty);
        check("https://me:hush@h.test/v1", BaseUrlFault::UserInfo);
        check("https://hush@h.test/v1", BaseUrlFault::UserInfo);
        check("ftp://h.test", BaseUrlFault::Scheme);
        check("hush.test/v1", BaseUrlFault::Scheme);
        check("hush:8000/v1", BaseUrlFault::Scheme);
        check("https://", BaseUrlFault::NotAUrl("empty host".to_owned()));
        check(
            "https://h.test:99999",
            BaseUrlFault::NotAUrl("invalid port number".to_owned()),
        );
        check(
            &format!("https://h.test/{}", "a".repeat(MAX_BASE_URL)),
            BaseUrlFault::TooLong,
        );
    }

    #[test]
    fn ollamas_own_forms_are_understood() {
        let check = |text: &str, root: &str| {
            assert_eq!(
                BaseUrl::parse_ollama(text).unwrap().to_string(),
                root,
                "{text}"
            );
        };

        check("http://localhost:11434", "http://localhost:11434");
        check("http://localhost:11434/", "http://localhost:11434");
        check("http://localhost:11434/v1", "http://localhost:11434");
        check("http://localhost:11434/api/", "http://localhost:11434");
        check("http://h.test/mounted/api", "http://h.test/mounted");
        check("gpu", "http://gpu:11434");
        check("gpu:8080", "http://gpu:8080");
        check("gpu/v1", "http://gpu:11434");
        check(":8080", "http://127.0.0.1:8080");
        check("192.168.1.5", "http://192.168.1.5:11434");
        check("0.0.0.0", "http://127.0.0.1:11434");
        check("0.0.0.0:8080", "http://127.0.0.1:8080");
        check("http://0.0.0.0:8080", "http://127.0.0.1:8080");
        check("0.0.0.0.example.test", "http://0.0.0.0.example.test:11434");
        check("::1", "http://[::1]:11434");
        check("::", "http://[::1]:11434");
        check("[::1]", "http://[::1]:11434");
        check("[::]:8080", "http://[::1]:8080");
        check("https://h.test", "https://h.test");
        check("https://h.test:8443", "https://h.test:8443");
        check("http://h.test", "http://h.test");
        check("ollama.com", "https://ollama.com");
        assert_eq!(
            BaseUrl::parse_ollama("  ").unwrap_err(),
            BaseUrlFault::Empty
        );
        assert_eq!(
            BaseUrl::parse_ollama("http://a:b@h").unwrap_err(),
            BaseUrlFault::UserInfo
        );
        assert_eq!(
            BaseUrl::parse_ollama("ssh://h").unwrap_err(),
            BaseUrlFault::Scheme
        );
    }

    #[test]
    fn display_shows_no_credentials() {
        let url = parse("https://h.test/v1?api-version=2024-10-21&key=hush&hushhush");
        assert_eq!(
            url.to_string(),
            "https://h.test/v1?api-version=2024-10-21&key=***&***"
        );
        assert_eq!(format!("{url:?}"), format!("BaseUrl({url})"));
        assert_eq!(
            url.endpoint("/models?limit=5").to_string(),
            "https://h.test/v1/models?limit=5&api-version=2024-10-21&key=hush&hushhush",
        );
    }

    #[test]
    fn an_endpoint_is_always_a_uri() {
        let url = parse("https://h.test:1/v1");
        assert_eq!(
            url.endpoint("/models/a b\u{e9}\"").to_string(),
            "https://h.test:1/v1/models/a%20b%C3%A9%22"
        );
        assert_eq!(url.endpoint("/models/%2F").path(), "/v1/models/%2F");
        assert_eq!(
            url.endpoint(&"x".repeat(70_000)).to_string(),
            "https://h.test:1/v1/"
        );
        assert_eq!(url.origin(), "https://h.test:1");
    }

    #[test]
    fn hosts_are_compared_and_placed() {
        assert!(parse("https://H.test./v1").same_host(&parse("http://h.test:8080/other")));
        assert!(!parse("https://a.h.test").same_host(&parse("https://h.test")));
        assert_eq!(parse("https://h.test/v1/"), parse("https://H.test:443/v1"));
        assert_ne!(parse("https://h.test/v1"), parse("http://h.test/v1"));

        let check =
            |url: &str, private: bool| assert_eq!(parse(url).is_private(), private, "{url}");
        check("http://localhost", true);
        check("http://127.0.0.2", true);
        check("http://10.1.2.3", true);
        check("http://172.16.0.1", true);
        check("http://[::1]", true);
        check("http://[fd00::1]", true);
        check("http://[::ffff:10.0.0.1]", true);
        check("http://vllm:8000", true);
        check("http://gpu.local", true);
        check("http://host.docker.internal", true);
        check("http://8.8.8.8", false);
        check("http://[2001:db8::1]", false);
        check("http://api.example.com", false);
        check("http://local.example.com", false);
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_a_shown_url_reads_back(text in "(https?://)?[a-z0-9.:/?#@%\\[\\]-]{0,40}") {
            if let Ok(url) = BaseUrl::parse(&text) {
                if url.query.is_none() {
                    prop_assert_eq!(&BaseUrl::parse(&url.to_string()).unwrap(), &url);
                }
                let _ = url.endpoint(&text);
            }
            if let Ok(url) = BaseUrl::parse_ollama(&text) {
                let _ = url.endpoint("/api/chat");
            }
        }
    }
}
