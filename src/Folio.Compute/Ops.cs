namespace Folio.Compute;

/// <summary>Which channels of a head form the pairs that turn together.</summary>
public enum RopeStyle
{
    /// <summary>Channel i with i + rotaryDim / 2: Hugging Face's layout ("neox").</summary>
    Halves,

    /// <summary>Channel 2i with 2i + 1: the original layout, which llama.cpp's converter restores for llama.</summary>
    Interleaved,
}

/// <summary>By which angles rows turn.</summary>
/// <param name="Cosines">[any, rotaryDim / 2]; the first rotaryDim channels of each head turn, the rest stay.</param>
/// <param name="Sines">Like <paramref name="Cosines"/>.</param>
/// <param name="IsByPosition">The row of a token's angles is its position; else it is the token's own row.</param>
public readonly record struct RopeAngles(Tensor Cosines, Tensor Sines, RopeStyle Style, bool IsByPosition);

public enum Activation
{
    Relu,
    Silu,

    /// <summary>x · Φ(x), with the error function.</summary>
    Gelu,

    /// <summary>The tanh form of GELU (gelu_new, gelu_pytorch_tanh).</summary>
    GeluTanh,
}

/// <param name="Heads">Query heads; a multiple of the cache's KV heads (grouped-query attention).</param>
/// <param name="Scale">What q · k is multiplied by: usually 1 / √headDim.</param>
/// <param name="Window">A row at position p sees positions (p − Window, p]; 0: all.</param>
/// <param name="SoftCap">Scores become cap · tanh(score / cap); 0: none.</param>
/// <param name="Causal">A row sees no position behind its own. False: each sees all that its sequence has in the cache (encoders), without a window.</param>
public readonly record struct AttentionParameters(int Heads, float Scale, int Window = 0, float SoftCap = 0, bool Causal = true);

/// <summary>One draw.</summary>
/// <remarks>
/// In order (vLLM's): temperature below 1e-5 takes the largest logit, the lowest id among equals, and skips the rest. Else logits / temperature; ids with
/// p &lt; min_p · max p are dropped; ids below the top_k-th largest logit are dropped, ties stay; of the rest, ascending, ids whose cumulative probability is
/// ≤ 1 − top_p are dropped, the largest always stays. The draw is an exponential race: the id with the largest p / e wins, where e is
/// exponential noise made by a counter-based generator from (Seed, Position, id), so that it depends on nothing else.
/// </remarks>
/// <param name="Row">The row of the logits.</param>
/// <param name="TopK">0 or less: off.</param>
/// <param name="TopP">1: off.</param>
/// <param name="MinP">0: off.</param>
/// <param name="Position">Index of the token to draw in its sequence.</param>
/// <param name="IsShared">Other draws from the row follow: it is left as what was drawn from, scaled, and −∞ where ids were dropped. Else nobody reads it again.</param>
public readonly record struct SampleRequest(int Row, float Temperature, int TopK, float TopP, float MinP, ulong Seed, long Position, bool IsShared = false);
