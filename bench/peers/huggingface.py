"""Hugging Face Transformers: a plain loop over MarianMTModel, the translation model of that library."""

import torch
import torch.nn.functional as F
import transformers
from torch import nn
from transformers import MarianConfig, MarianMTModel

from bench.peers import settings
from bench.peers.batches import padded_batches
from bench.peers.probe import Probe, options


def main() -> None:
    chosen = options()
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(settings.SEED)
    model = MarianMTModel(
        MarianConfig(
            vocab_size=settings.VOCAB_SIZE,
            d_model=settings.D_MODEL,
            encoder_layers=settings.N_LAYERS,
            decoder_layers=settings.N_LAYERS,
            encoder_attention_heads=settings.N_HEADS,
            decoder_attention_heads=settings.N_HEADS,
            encoder_ffn_dim=settings.D_FF,
            decoder_ffn_dim=settings.D_FF,
            dropout=settings.DROPOUT,
            attention_dropout=0.0,
            activation_dropout=0.0,
            activation_function="relu",
            scale_embedding=True,
            share_encoder_decoder_embeddings=True,
            tie_word_embeddings=True,
            max_position_embeddings=2 * settings.MAX_LENGTH,
            pad_token_id=settings.PAD_ID,
            bos_token_id=settings.BOS_ID,
            eos_token_id=settings.EOS_ID,
            decoder_start_token_id=settings.BOS_ID,
            use_cache=False,
            attn_implementation="sdpa",
        )
    ).train()
    optimizer = torch.optim.AdamW(
        model.parameters(),
        settings.LEARNING_RATE,
        settings.BETAS,
        settings.EPSILON,
        weight_decay=0.0,
        fused=True,
    )
    probe = Probe(
        chosen,
        "MarianMTModel (post-norm), SDPA attention, our batches, fused AdamW",
        f"transformers {transformers.__version__}, torch {torch.__version__}",
        sum(p.numel() for p in model.parameters()),
    )
    for batch in padded_batches(chosen.prepared):
        probe.batch(batch.count())
        logits = model(
            input_ids=batch.src,
            attention_mask=(batch.src != settings.PAD_ID).long(),
            decoder_input_ids=batch.tgt_in,
        ).logits
        loss = F.cross_entropy(
            logits.flatten(0, 1),
            batch.tgt_out.flatten(),
            ignore_index=settings.PAD_ID,
            label_smoothing=settings.LABEL_SMOOTHING,
        )
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), settings.CLIP_NORM)
        optimizer.step()
        probe.update(loss.item())


if __name__ == "__main__":
    main()
