"""One fine-tuning step of SD1.5's UNet in PyTorch and diffusers, for step-against-pytorch.ts.

Weights are drawn as `sara bench step` draws them (normal, 0.0274). Methods are what users run today: `lora`, rank 64 on
the attention projections (needs peft); `masked`, every gradient dense and then masked to |w| < 2e-3, which is how SaRA is
done on dense autograd; `full`, AdamW on everything. Prints one JSON line: seconds per step and peak memory.

usage: pytorch_step.py METHOD LATENT BATCH STEPS THREADS
"""

import json
import resource
import sys
import time

CONFIG = dict(
    sample_size=64,
    in_channels=4,
    out_channels=4,
    cross_attention_dim=768,
    attention_head_dim=8,
    block_out_channels=(320, 640, 1280, 1280),
    layers_per_block=2,
)
THRESHOLD = 2e-3


def build(method):
    import torch
    from diffusers import UNet2DConditionModel

    torch.manual_seed(1)
    unet = UNet2DConditionModel(**CONFIG)
    with torch.no_grad():
        for parameter in unet.parameters():
            parameter.normal_(0, 0.0274)
    if method == "lora":
        from peft import LoraConfig

        unet.requires_grad_(False)
        unet.add_adapter(LoraConfig(r=64, lora_alpha=64, target_modules=["to_q", "to_k", "to_v", "to_out.0"]))
    masks = {}
    if method == "masked":
        masks = {parameter: parameter.detach().abs() < THRESHOLD for parameter in unet.parameters()}
    trained = [parameter for parameter in unet.parameters() if parameter.requires_grad]
    return unet, masks, torch.optim.AdamW(trained, lr=1e-4)


def main():
    method = sys.argv[1]
    latent, batch, steps, threads = (int(argument) for argument in sys.argv[2:6])
    import torch

    torch.set_num_threads(threads)
    unet, masks, optimizer = build(method)
    unet.train()
    seconds = []
    for step in range(steps + 1):
        sample = torch.randn(batch, 4, latent, latent)
        target = torch.randn(batch, 4, latent, latent)
        timesteps = torch.full((batch,), (397 * step + 500) % 1000)
        states = torch.randn(batch, 77, 768)
        start = time.perf_counter()
        loss = torch.nn.functional.mse_loss(unet(sample, timesteps, states).sample, target)
        loss.backward()
        for parameter, mask in masks.items():
            parameter.grad.mul_(mask)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        if step > 0:  # the first one warms up
            seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(dict(seconds=seconds, peakRssBytes=peak, torch=torch.__version__)))


main()
