using System.Runtime.InteropServices;

namespace Folio.Compute.Cuda.Sampling;

/// <summary>A <see cref="SampleRequest"/> as kernels read it: <c>Draw</c> of sampling.cuh.</summary>
/// <param name="Row">Several draws may name one row, unless one of them keeps it.</param>
/// <param name="TopK">0: off.</param>
/// <param name="LogMinP">−∞: off.</param>
/// <param name="Keep">1: the row is left as what was drawn from, for others that are shared; 0: untouched.</param>
[StructLayout(LayoutKind.Sequential)]
internal record struct Draw(int Row, float Temperature, int TopK, float TopP, float LogMinP, int Keep, ulong Seed, long Position)
{
    private const float GreedyBelow = 1e-5f;

    public static Draw Of(SampleRequest request, int vocabulary) => new(
        request.Row, request.Temperature, request.TopK > 0 && request.TopK < vocabulary ? request.TopK : 0, request.TopP,
        request.MinP > 0 ? MathF.Log(request.MinP) : float.NegativeInfinity, request.IsShared ? 1 : 0, request.Seed, request.Position);

    /// <summary>Whether cut has work.</summary>
    public readonly bool IsCut => Temperature >= GreedyBelow && (TopK > 0 || TopP < 1);

    /// <summary>Whether weigh has.</summary>
    public readonly bool IsWeighed => IsCut && TopK == 0;
}
