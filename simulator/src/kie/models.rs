//! The models on offer: what each one takes, makes, costs and how long it works (KIE's model pages, "Market").

use serde_json::{Map, Value};

use super::families::FAMILIES;

/// What a model makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Makes {
    /// A new picture.
    Picture,
    /// The input picture with something done to it.
    Edited,
    /// The input picture, twice as large.
    Upscaled,
    /// The input picture with a transparent edge.
    Cutout,
    Video,
    Speech,
}

/// What an input that is an address must lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Media {
    Image,
    Video,
    Audio,
}

impl Media {
    /// The content types that KIE takes.
    pub(crate) fn content_types(self) -> &'static [&'static str] {
        match self {
            Self::Image => &["image/jpeg", "image/png", "image/webp"],
            Self::Video => &["video/mp4", "video/quicktime", "video/x-matroska"],
            Self::Audio => &[
                "audio/mpeg",
                "audio/wav",
                "audio/x-wav",
                "audio/aac",
                "audio/mp4",
                "audio/ogg",
            ],
        }
    }
}

/// What a parameter may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// At most so many characters.
    Text(usize),
    OneOf(&'static [&'static str]),
    Number(f64, f64),
    Flag,
    Url(Media),
    /// At most so many addresses.
    Urls(Media, usize),
}

/// One parameter of a model's input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Param {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) kind: Kind,
}

pub(super) const fn must(name: &'static str, kind: Kind) -> Param {
    Param {
        name,
        required: true,
        kind,
    }
}

pub(super) const fn may(name: &'static str, kind: Kind) -> Param {
    Param {
        name,
        required: false,
        kind,
    }
}

/// One model.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) id: &'static str,
    pub(crate) makes: Makes,
    /// From creation to the end at speed 1.
    pub(crate) takes_ms: u64,
    pub(crate) credits: i64,
    pub(crate) params: &'static [Param],
}

const SIZES: Kind = Kind::OneOf(&[
    "1:1", "9:16", "16:9", "3:4", "4:3", "3:2", "2:3", "5:4", "4:5", "21:9", "auto",
]);
const QWEN_SIZES: Kind = Kind::OneOf(&[
    "square",
    "square_hd",
    "portrait_4_3",
    "portrait_16_9",
    "landscape_4_3",
    "landscape_16_9",
]);
const FORMATS: Kind = Kind::OneOf(&["png", "jpeg"]);
const SECONDS: Kind = Kind::OneOf(&["5", "10"]);
const RESOLUTIONS: Kind = Kind::OneOf(&["480p", "720p", "1080p"]);
const ACCELERATION: Kind = Kind::OneOf(&["none", "regular", "high"]);
const SEED: Param = may("seed", Kind::Number(-1.0, 2_147_483_647.0));
const SAFETY: Param = may("enable_safety_checker", Kind::Flag);

pub(crate) const MODELS: &[Model] = &[
    Model {
        id: "qwen/text-to-image",
        makes: Makes::Picture,
        takes_ms: 6_000,
        credits: 4,
        params: &[
            must("prompt", Kind::Text(5_000)),
            may("image_size", QWEN_SIZES),
            may("num_inference_steps", Kind::Number(2.0, 250.0)),
            may("guidance_scale", Kind::Number(0.0, 20.0)),
            may("negative_prompt", Kind::Text(500)),
            may("acceleration", ACCELERATION),
            may("output_format", FORMATS),
            SEED,
            SAFETY,
        ],
    },
    Model {
        id: "google/nano-banana",
        makes: Makes::Picture,
        takes_ms: 6_000,
        credits: 4,
        params: &[
            must("prompt", Kind::Text(5_000)),
            may("output_format", FORMATS),
            may("image_size", SIZES),
        ],
    },
    Model {
        id: "google/nano-banana-edit",
        makes: Makes::Edited,
        takes_ms: 7_000,
        credits: 4,
        params: &[
            must("prompt", Kind::Text(5_000)),
            must("image_urls", Kind::Urls(Media::Image, 10)),
            may("output_format", FORMATS),
            may("image_size", SIZES),
        ],
    },
    Model {
        id: "qwen/image-edit",
        makes: Makes::Edited,
        takes_ms: 7_000,
        credits: 5,
        params: &[
            must("prompt", Kind::Text(2_000)),
            must("image_url", Kind::Url(Media::Image)),
            may("image_size", QWEN_SIZES),
            may("num_inference_steps", Kind::Number(2.0, 49.0)),
            may("guidance_scale", Kind::Number(0.0, 20.0)),
            may("negative_prompt", Kind::Text(500)),
            may("acceleration", ACCELERATION),
            may("output_format", FORMATS),
            SEED,
            SAFETY,
        ],
    },
    Model {
        id: "recraft/crisp-upscale",
        makes: Makes::Upscaled,
        takes_ms: 6_000,
        credits: 1,
        params: &[must("image", Kind::Url(Media::Image))],
    },
    Model {
        id: "recraft/remove-background",
        makes: Makes::Cutout,
        takes_ms: 5_000,
        credits: 1,
        params: &[must("image", Kind::Url(Media::Image))],
    },
    Model {
        id: "kling/v2-1-standard",
        makes: Makes::Video,
        takes_ms: 15_000,
        credits: 25,
        params: &[
            must("prompt", Kind::Text(5_000)),
            must("image_url", Kind::Url(Media::Image)),
            may("duration", SECONDS),
            may("negative_prompt", Kind::Text(500)),
            may("cfg_scale", Kind::Number(0.0, 1.0)),
        ],
    },
    Model {
        id: "bytedance/v1-lite-image-to-video",
        makes: Makes::Video,
        takes_ms: 12_000,
        credits: 10,
        params: &[
            must("prompt", Kind::Text(10_000)),
            must("image_url", Kind::Url(Media::Image)),
            may("end_image_url", Kind::Url(Media::Image)),
            may("resolution", RESOLUTIONS),
            may("duration", SECONDS),
            may("camera_fixed", Kind::Flag),
            SEED,
            SAFETY,
        ],
    },
    Model {
        id: "bytedance/v1-lite-text-to-video",
        makes: Makes::Video,
        takes_ms: 15_000,
        credits: 22,
        params: &[
            must("prompt", Kind::Text(10_000)),
            may(
                "aspect_ratio",
                Kind::OneOf(&["16:9", "4:3", "1:1", "3:4", "9:16", "9:21"]),
            ),
            may("resolution", RESOLUTIONS),
            may("duration", SECONDS),
            may("camera_fixed", Kind::Flag),
            SEED,
            SAFETY,
        ],
    },
    Model {
        id: "topaz/video-upscale",
        makes: Makes::Video,
        takes_ms: 15_000,
        credits: 60,
        params: &[
            must("video_url", Kind::Url(Media::Video)),
            may("upscale_factor", Kind::OneOf(&["1", "2", "4"])),
        ],
    },
    Model {
        id: "elevenlabs/text-to-speech-turbo-2-5",
        makes: Makes::Speech,
        takes_ms: 3_000,
        credits: 6,
        params: &[
            must("text", Kind::Text(5_000)),
            may("voice", Kind::Text(100)),
            may("stability", Kind::Number(0.0, 1.0)),
            may("similarity_boost", Kind::Number(0.0, 1.0)),
            may("style", Kind::Number(0.0, 1.0)),
            may("speed", Kind::Number(0.7, 1.2)),
            may("timestamps", Kind::Flag),
            may("previous_text", Kind::Text(5_000)),
            may("next_text", Kind::Text(5_000)),
            may("language_code", Kind::Text(20)),
        ],
    },
    Model {
        id: "elevenlabs/audio-isolation",
        makes: Makes::Speech,
        takes_ms: 4_000,
        credits: 2,
        params: &[must("audio_url", Kind::Url(Media::Audio))],
    },
];

/// An address that a task has to read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Wanted {
    pub(crate) url: String,
    pub(crate) media: Media,
}

impl Model {
    /// A model of the market.
    pub(crate) fn find(id: &str) -> Option<&'static Self> {
        MODELS.iter().find(|model| model.id == id)
    }

    /// A model of any family.
    pub(crate) fn known(id: &str) -> Option<&'static Self> {
        let older = FAMILIES.into_iter().flat_map(|family| family.models);
        Self::find(id).or_else(|| older.into_iter().find(|model| model.id == id))
    }

    /// The addresses in an input, or what is wrong with it.
    pub(crate) fn check(&self, input: &Map<String, Value>) -> Result<Vec<Wanted>, String> {
        if let Some(name) = input
            .keys()
            .find(|name| !self.params.iter().any(|param| param.name == **name))
        {
            return Err(format!("{name} is not a parameter of {}", self.id));
        }
        let mut wanted = Vec::new();
        for param in self.params {
            match input.get(param.name) {
                None | Some(Value::Null) if param.required => {
                    return Err(format!("{} is required", param.name));
                }
                None | Some(Value::Null) => {}
                Some(value) => wanted.extend(param.check(value)?),
            }
        }
        Ok(wanted)
    }
}

impl Param {
    fn check(&self, value: &Value) -> Result<Vec<Wanted>, String> {
        let name = self.name;
        match self.kind {
            Kind::Text(max) => match value.as_str() {
                Some("") if self.required => Err(format!("{name} is required")),
                Some(text) if text.chars().count() <= max => Ok(Vec::new()),
                Some(_) => Err(format!("{name} must be at most {max} characters")),
                None => Err(format!("{name} must be a string")),
            },
            Kind::OneOf(options) => match value.as_str() {
                Some(text) if options.contains(&text) => Ok(Vec::new()),
                _ => Err(format!("{name} is not within the range of allowed options")),
            },
            Kind::Number(min, max) => match value.as_f64() {
                Some(number) if (min..=max).contains(&number) => Ok(Vec::new()),
                _ => Err(format!("{name} must be a number from {min} to {max}")),
            },
            Kind::Flag if value.is_boolean() => Ok(Vec::new()),
            Kind::Flag => Err(format!("{name} must be a boolean")),
            Kind::Url(media) => Ok(vec![address(name, media, value)?]),
            Kind::Urls(media, max) => match value.as_array() {
                Some(list) if (1..=max).contains(&list.len()) => list
                    .iter()
                    .map(|value| address(name, media, value))
                    .collect(),
                _ => Err(format!("{name} must be a list of 1 to {max} file urls")),
            },
        }
    }
}

fn address(name: &str, media: Media, value: &Value) -> Result<Wanted, String> {
    let url = value.as_str().unwrap_or_default();
    if url.starts_with("http://") || url.starts_with("https://") {
        return Ok(Wanted {
            url: url.to_owned(),
            media,
        });
    }
    Err(format!("{name} must be a file url"))
}
