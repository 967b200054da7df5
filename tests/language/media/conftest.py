"""A small joint model of words and pictures with random weights, made once."""

import warnings
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As `save_pretrained` leaves CLIP."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import CLIPConfig, CLIPModel, PreTrainedTokenizerFast
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    folder = tmp_path_factory.mktemp("clip")
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
    sizes["num_attention_heads"] = 2
    words = {"vocab_size": 20, "max_position_embeddings": 8, "bos_token_id": 1, "eos_token_id": 2}
    config = CLIPConfig(
        text_config=sizes | words,
        vision_config=sizes | {"image_size": 32, "patch_size": 8},
        projection_dim=12,
    )
    CLIPModel(config).save_pretrained(folder)
    CLIPImageProcessorPil(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
    ).save_pretrained(folder)
    numbers = {word: number for number, word in enumerate(["[PAD]", "a", "[EOS]", "red", "cat"])}
    tokenizer = Tokenizer(WordLevel(numbers, unk_token="a"))
    tokenizer.pre_tokenizer = Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", eos_token="[EOS]", unk_token="a"
    ).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def clap_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small joint model of words and sound with random weights, made once."""
    return save_clap(tmp_path_factory.mktemp("clap"), is_fused=False)


def save_clap(folder: Path, *, is_fused: bool) -> Path:
    """As `save_pretrained` leaves CLAP. is_fused: hears a long clip whole and in parts."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import (
        ClapConfig,
        ClapFeatureExtractor,
        ClapModel,
        PreTrainedTokenizerFast,
    )

    torch.manual_seed(0)
    words = {"vocab_size": 20, "max_position_embeddings": 100, "pad_token_id": 0}
    config = ClapConfig(
        text_config=words
        | {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1}
        | {"num_attention_heads": 2, "projection_dim": 12},
        audio_config={"depths": [1, 1], "num_attention_heads": [1, 2], "num_hidden_layers": 2}
        | {"patch_embeds_hidden_size": 8, "hidden_size": 16, "projection_dim": 12}
        | {"enable_fusion": is_fused},
        projection_dim=12,
    )
    ClapModel(config).save_pretrained(folder)
    truncation = "fusion" if is_fused else "rand_trunc"
    ClapFeatureExtractor(truncation=truncation).save_pretrained(folder)
    numbers = {word: number for number, word in enumerate(["[PAD]", "a", "[EOS]", "low", "bell"])}
    tokenizer = Tokenizer(WordLevel(numbers, unk_token="a"))
    tokenizer.pre_tokenizer = Whitespace()
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", eos_token="[EOS]", unk_token="a"
    ).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def audio_folders(tmp_path_factory: pytest.TempPathFactory, clap_folder: Path) -> dict[str, str]:
    """Folders of small models with random weights that listen, by their kind."""
    import torch
    from transformers import (
        ASTConfig,
        ASTFeatureExtractor,
        ASTModel,
        Wav2Vec2Config,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2Model,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperModel,
    )

    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    sizes["intermediate_size"] = 32
    convolutions = {"conv_dim": (8, 8), "conv_kernel": (10, 8), "conv_stride": (5, 64)}
    with warnings.catch_warnings(action="ignore"):  # one of its bands hears nothing
        spectrograms = ASTFeatureExtractor()
    models = {
        "wav2vec2": (
            Wav2Vec2Model(
                Wav2Vec2Config(
                    **sizes,
                    **convolutions,
                    num_conv_pos_embeddings=4,
                    num_conv_pos_embedding_groups=2,
                )
            ),
            Wav2Vec2FeatureExtractor(),
        ),
        "ast": (ASTModel(ASTConfig(**sizes)), spectrograms),
        "whisper": (
            WhisperModel(
                WhisperConfig(
                    d_model=16,
                    encoder_layers=1,
                    decoder_layers=1,
                    encoder_attention_heads=2,
                    decoder_attention_heads=2,
                    encoder_ffn_dim=32,
                    decoder_ffn_dim=32,
                    vocab_size=50,
                    pad_token_id=0,
                    bos_token_id=1,
                    eos_token_id=2,
                    decoder_start_token_id=1,
                )
            ),
            WhisperFeatureExtractor(),
        ),
    }
    fused_folder = save_clap(tmp_path_factory.mktemp("fused-clap"), is_fused=True)
    folders = {"clap": str(clap_folder), "fused clap": str(fused_folder)}
    for name, (model, extractor) in models.items():
        folder = tmp_path_factory.mktemp(name)
        model.save_pretrained(folder)
        extractor.save_pretrained(folder)
        folders[name] = str(folder)
    return folders
