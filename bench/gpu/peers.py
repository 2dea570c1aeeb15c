"""PyTorch on the same card: bf16 products, attention over a prompt, and copies, one line of results each (Results/Result.cs)."""
import json
import math
import statistics
import sys

try:
    import torch
    from torch.nn import functional
except ImportError:
    sys.exit("PyTorch isn't here")
if not torch.cuda.is_available():
    sys.exit("PyTorch sees no card")


def seconds(work, repeats=20):
    for _ in range(3):
        work()
    torch.cuda.synchronize()
    times = []
    for _ in range(repeats):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        work()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) / 1e3)
    return times


def figure(name, unit, limit, work, amount):
    rates = sorted(amount / time / 1e9 for time in seconds(work))
    value = statistics.median(rates)
    print(json.dumps({"kind": "Figure", "name": name, "value": value, "low": rates[0], "high": rates[-1], "runs": len(rates), "unit": unit, "rate": value, "limit": limit}), flush=True)


tiny = "--tiny" in sys.argv
device = torch.device("cuda")
print(json.dumps({"kind": "Fact", "name": "PyTorch", "text": f"{torch.__version__}, CUDA {torch.version.cuda}"}), flush=True)

size = 256 if tiny else 8192
a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
figure(f"torch.matmul, {size} cubed, bf16", "TFLOP/s", "products", lambda: a @ b, 2 * size**3 / 1e3)

buffer = torch.randn((1 << 20) if tiny else (1 << 30), device=device)
figure("torch copy", "GB/s", "memory", lambda: buffer.clone(), 2 * buffer.numel() * 4)
del buffer

heads, kv_heads, channels = 32, 8, 128
for tokens in (64,) if tiny else (2048, 8192):
    q = torch.randn(1, heads, tokens, channels, device=device, dtype=torch.bfloat16)
    k, v = (torch.randn(1, kv_heads, tokens, channels, device=device, dtype=torch.bfloat16) for _ in range(2))
    operations = 4 * heads * channels * tokens * (tokens + 1) / 2
    attend = lambda: functional.scaled_dot_product_attention(q, k, v, is_causal=True, scale=1 / math.sqrt(channels), enable_gqa=True)
    figure(f"torch scaled_dot_product_attention, a prompt of {tokens}, causal", "TFLOP/s", "products", attend, operations / 1e3)
