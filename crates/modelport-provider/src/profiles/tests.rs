mod openai_compatible_provider {
    use super::super::{GENERIC, KNOWN, OLLAMA, by_slug, for_host};
    use crate::profile::{CredentialStyle, Unlisted};

    #[test]
    fn a_host_gives_its_display_name() {
        let check = |host: &str, name: &str| assert_eq!(for_host(host).name, name, "{host}");

        check("openrouter.ai", "OpenRouter");
        check("OpenRouter.AI", "OpenRouter");
        check("openrouter.ai.", "OpenRouter");
        check("eu.openrouter.ai", "OpenRouter");
        check("api.openai.com", "OpenAI");
        check("eu.api.openai.com", "OpenAI");
        check("together.ai", "Together AI");
        check("api.together.ai", "Together AI");
        check("api.together.xyz", "Together AI");
        check("azure.com", "Azure OpenAI");
        check("res.openai.azure.com", "Azure OpenAI");
        check("res.services.ai.azure.com", "Azure OpenAI");
        check("res.cognitiveservices.azure.com", "Azure OpenAI");
        check("vm.westeurope.cloudapp.azure.com", "Azure OpenAI");
        check("api.groq.com", "Groq");
        check("api.deepseek.com", "DeepSeek");
        check("api.mistral.ai", "Mistral");
        check("us.api.fireworks.ai", "Fireworks");
        check("api.x.ai", "xAI");
        check("api.perplexity.ai", "Perplexity");
        check("generativelanguage.googleapis.com", "Gemini");
        check("api.anthropic.com", "Anthropic");
    }

    #[test]
    fn a_look_alike_is_an_unknown_host() {
        let check = |host: &str| assert_eq!(for_host(host).name, "OpenAI Compatible", "{host}");

        check("notopenrouter.ai");
        check("notopenrouter.ai.evil.test");
        check("openrouter.ai.evil.test");
        check("openrouter.ai-evil.test");
        check("openrouter-ai.test");
        check("openai.com");
        check("fakeapi.openai.com.test");
        check("myapi.openai.community");
        check("xapi.openai.com");
        check("together.ai.test");
        check("alltogether.ai");
        check("together.xyz.test");
        check("notazure.com");
        check("azure.com.evil.test");
        check("max.ai");
        check("localhost");
        check("127.0.0.1");
        check("[::1]");
        check("");
        check(".");
    }

    #[test]
    fn only_azures_api_hosts_take_an_api_key_header() {
        let check = |host: &str, style: CredentialStyle, path: &str| {
            assert_eq!(
                (for_host(host).credential, for_host(host).default_path),
                (style, path),
                "{host}"
            );
        };

        check(
            "res.openai.azure.com",
            CredentialStyle::ApiKey,
            "/openai/v1",
        );
        check(
            "res.cognitiveservices.azure.com",
            CredentialStyle::ApiKey,
            "/openai/v1",
        );
        check(
            "res.services.ai.azure.com",
            CredentialStyle::ApiKey,
            "/openai/v1",
        );
        check("vm.cloudapp.azure.com", CredentialStyle::Bearer, "/v1");
        check("openrouter.ai", CredentialStyle::Bearer, "/api/v1");
        check("gateway.test", CredentialStyle::Bearer, "/v1");
    }

    #[test]
    fn every_profile_finds_itself() {
        for profile in KNOWN {
            assert!(
                std::ptr::eq(by_slug(profile.slug).unwrap(), profile),
                "{}",
                profile.slug
            );
            for host in profile.hosts {
                assert!(std::ptr::eq(for_host(host), profile), "{host}");
            }
            if let Some(base) = profile.base_url {
                let base = crate::base_url::BaseUrl::parse(base).unwrap();
                assert_eq!(base.to_string(), profile.base_url.unwrap());
                assert!(std::ptr::eq(base.profile(), profile), "{base}");
            }
        }
        assert_eq!(by_slug("GROQ").unwrap().name, "Groq");
        assert!(by_slug(GENERIC.slug).is_none());
    }

    #[test]
    fn only_ones_own_server_is_free_without_a_price() {
        use Unlisted::{Free, FreeUnlessCloud};
        let free = KNOWN
            .iter()
            .filter(|profile| profile.unlisted != Unlisted::Unknown);
        let free: Vec<_> = free
            .map(|profile| (profile.slug, profile.unlisted))
            .collect();
        assert_eq!(
            free,
            [
                ("vllm", Free),
                ("sglang", Free),
                ("llama_cpp", Free),
                ("lm_studio", Free),
                ("tgi", Free),
                ("localai", Free),
                ("ollama_v1", FreeUnlessCloud),
            ]
        );
        assert_eq!(OLLAMA.unlisted, FreeUnlessCloud);
        assert_eq!(GENERIC.unlisted, Unlisted::Unknown);
    }

    #[test]
    fn every_catalogue_section_exists() {
        let catalogue: serde_json::Value =
            serde_json::from_str(include_str!("../../data/models.json")).unwrap();
        for section in KNOWN.iter().filter_map(|profile| profile.catalogue) {
            assert!(catalogue["models"].get(section).is_some(), "{section}");
        }
    }
}
