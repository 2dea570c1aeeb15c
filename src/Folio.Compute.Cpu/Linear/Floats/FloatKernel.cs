namespace Folio.Compute.Cpu.Linear;

/// <summary>What an emitted tile of floats multiplies.</summary>
/// <param name="Type">Of the weights.</param>
/// <param name="Pairs">bf16 weights times activations rounded to bf16, two inputs at a time (vdpbf16ps); else fp32 activations.</param>
/// <param name="Wide">512-bit vectors, else 256.</param>
/// <param name="Tiles">Pairs by tiles (tdpbf16ps).</param>
internal readonly record struct FloatKernel(DType Type, bool Pairs, bool Wide, bool Tiles = false)
{
    /// <summary>Inputs that a kernel takes at a time.</summary>
    public int Step => Tiles ? 32 : 8;

    /// <summary>Weights of a lane's word of 32 bits.</summary>
    public int PerWord => Type == DType.F32 ? 1 : 2;

    /// <summary>Bytes of a panel that a step reads.</summary>
    public int StepBytes => Step / PerWord * Panel.WordBytes;

    /// <summary>Values of 32 bits of a row's activations that a step reads: numbers or pairs.</summary>
    public int StepValues => Pairs ? Step / 2 : Step;

    /// <summary>Outputs of a vector.</summary>
    public int Lanes => Wide ? 16 : 8;

    /// <summary>Most rows of a tile: tiles have 16 rows; else 16 or 32 registers hold the sums, a vector's weights, one of activations and up to two constants.</summary>
    public int MaxRows => Tiles ? 16 : Wide ? 12 : Type == DType.F16 ? 5 : 6;

    /// <summary>Vectors of outputs of a tile of so many rows.</summary>
    public int Vectors(int rows) => !Wide && rows <= 2 ? 4 : 2;

    /// <returns>Null: no kernel is emitted for the type at this level.</returns>
    public static FloatKernel? For(DType type, CpuIsa isa, CpuActivations activations)
    {
        if (isa == CpuIsa.Portable || type is not (DType.F32 or DType.F16 or DType.BF16)) return null;
        bool pairs = type == DType.BF16 && activations == CpuActivations.Rounded && isa >= CpuIsa.Avx512Bf16;
        return new(type, pairs, isa >= CpuIsa.Avx512, pairs && isa >= CpuIsa.Amx);
    }
}
