//! What a model can do, in three states (yes, no, unknown), each with the source that says so, and since when where the
//! source alone does not tell. It only holds and merges findings; where they come from is the listing's, the catalogue's
//! and the prober's business.

use std::fmt;
use std::num::NonZeroU32;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One thing that a model or its endpoint may be able to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Capability {
    /// Answers chat completions at all, as an embedding or image model does not.
    Chat,
    /// Streams its answer.
    Streaming,
    /// Calls functions.
    Tools,
    /// Calls several functions in one turn.
    ParallelTools,
    /// Takes images.
    Vision,
    /// Takes PDF files.
    PdfInput,
    /// Takes audio.
    AudioInput,
    /// Answers in audio.
    AudioOutput,
    /// Answers in images.
    ImageOutput,
    /// `response_format` of type `json_object`.
    JsonMode,
    /// `response_format` of type `json_schema`, enforced.
    JsonSchema,
    /// Thinks before it answers.
    Reasoning,
    /// Makes embeddings.
    Embeddings,
    /// Charges less for a repeated start of the prompt.
    PromptCache,
    /// Searches the web on its own.
    WebSearch,
}

impl Capability {
    /// Every capability, in the order of its name's appearance above.
    pub const ALL: [Self; 15] = [
        Self::Chat,
        Self::Streaming,
        Self::Tools,
        Self::ParallelTools,
        Self::Vision,
        Self::PdfInput,
        Self::AudioInput,
        Self::AudioOutput,
        Self::ImageOutput,
        Self::JsonMode,
        Self::JsonSchema,
        Self::Reasoning,
        Self::Embeddings,
        Self::PromptCache,
        Self::WebSearch,
    ];

    /// Its name in JSON and settings. Public: it never changes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Streaming => "streaming",
            Self::Tools => "tools",
            Self::ParallelTools => "parallel_tools",
            Self::Vision => "vision",
            Self::PdfInput => "pdf_input",
            Self::AudioInput => "audio_input",
            Self::AudioOutput => "audio_output",
            Self::ImageOutput => "image_output",
            Self::JsonMode => "json_mode",
            Self::JsonSchema => "json_schema",
            Self::Reasoning => "reasoning",
            Self::Embeddings => "embeddings",
            Self::PromptCache => "prompt_cache",
            Self::WebSearch => "web_search",
        }
    }

    /// The capability of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|capability| capability.as_str() == name)
    }

    /// Its place in [`Capabilities`]: the order of the variants.
    const fn place(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether a capability is there. Nothing is refused on `Unknown`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Support {
    /// It is.
    Yes,
    /// It is not.
    No,
    /// Nobody said.
    Unknown,
}

impl Support {
    /// `true`, `false` or nothing, as it is written in JSON (`Unknown` is null).
    pub fn as_flag(self) -> Option<bool> {
        match self {
            Self::Yes => Some(true),
            Self::No => Some(false),
            Self::Unknown => None,
        }
    }
}

impl From<bool> for Support {
    fn from(flag: bool) -> Self {
        if flag { Self::Yes } else { Self::No }
    }
}

/// Who said so, weakest first: what was seen of the endpoint itself outweighs what is written about it, and the operator
/// outweighs all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The embedded catalogue.
    Catalogue,
    /// The provider's own listing.
    Listing,
    /// Real traffic.
    Observed,
    /// An explicit probe.
    Probed,
    /// The operator's settings.
    Configured,
}

impl Source {
    /// Its name in JSON. Public: it never changes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Catalogue => "catalogue",
            Self::Listing => "listing",
            Self::Observed => "observed",
            Self::Probed => "probed",
            Self::Configured => "configured",
        }
    }
}

/// What is known of one model: a finding per capability, 120 bytes in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Capabilities([Option<Finding>; Capability::ALL.len()]);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Finding {
    supported: bool,
    source: Source,
    /// Seconds since 1970. A listing, the catalogue and the settings have an age of their own.
    seen: Option<NonZeroU32>,
}

impl Capabilities {
    /// Nothing known.
    pub const UNKNOWN: Self = Self([None; Capability::ALL.len()]);

    /// Whether `capability` is there.
    pub fn support(&self, capability: Capability) -> Support {
        self.finding(capability)
            .map_or(Support::Unknown, |finding| finding.supported.into())
    }

    /// Who said so; `None` for what is unknown.
    pub fn source(&self, capability: Capability) -> Option<Source> {
        self.finding(capability).map(|finding| finding.source)
    }

    /// Whether `capability` is certainly there.
    pub fn has(&self, capability: Capability) -> bool {
        self.support(capability) == Support::Yes
    }

    /// Whether `capability` is certainly missing.
    pub fn lacks(&self, capability: Capability) -> bool {
        self.support(capability) == Support::No
    }

    /// When it was seen, where it was seen at all: of real traffic and of probes, to the second.
    pub fn seen(&self, capability: Capability) -> Option<SystemTime> {
        let seconds = self.finding(capability)?.seen?;
        UNIX_EPOCH.checked_add(Duration::from_secs(u64::from(seconds.get())))
    }

    /// Notes a finding, unless one of a source as strong or stronger is there. `Unknown` changes nothing.
    pub fn note(&mut self, capability: Capability, support: Support, source: Source) {
        self.note_finding(capability, support, source, None);
    }

    /// As [`Capabilities::note`], of what was seen at a time of its own.
    pub fn note_seen(
        &mut self,
        capability: Capability,
        support: Support,
        source: Source,
        at: SystemTime,
    ) {
        let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let seen = u32::try_from(seconds).ok().and_then(NonZeroU32::new);
        self.note_finding(capability, support, source, seen);
    }

    fn note_finding(
        &mut self,
        capability: Capability,
        support: Support,
        source: Source,
        seen: Option<NonZeroU32>,
    ) {
        let Some(supported) = support.as_flag() else {
            return;
        };
        if let Some(place) = self.0.get_mut(capability.place())
            && place.is_none_or(|known| known.source < source)
        {
            *place = Some(Finding {
                supported,
                source,
                seen,
            });
        }
    }

    /// Both findings together: for each capability that of the stronger source; between equals, its own.
    #[must_use]
    pub fn merge(mut self, other: &Self) -> Self {
        for capability in Capability::ALL {
            if let Some(found) = other.finding(capability) {
                let Finding { source, seen, .. } = found;
                self.note_finding(capability, found.supported.into(), source, seen);
            }
        }
        self
    }

    /// What is known, in the order of [`Capability::ALL`].
    pub fn known(&self) -> impl Iterator<Item = (Capability, Support, Source)> + '_ {
        Capability::ALL.into_iter().filter_map(|capability| {
            let finding = self.finding(capability)?;
            Some((capability, finding.supported.into(), finding.source))
        })
    }

    fn finding(&self, capability: Capability) -> Option<Finding> {
        self.0.get(capability.place()).copied().flatten()
    }
}

#[cfg(test)]
mod tests;
