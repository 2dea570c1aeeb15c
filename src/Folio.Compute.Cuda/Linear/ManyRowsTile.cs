namespace Folio.Compute.Cuda.Linear;

/// <summary>What a block of many_rows.cu makes: <paramref name="Rows"/> × 128 outputs, its inputs in stages.</summary>
/// <param name="Rows">16, 64 or 128: up to 64, segments are blocks of their own.</param>
/// <param name="Format">Of the weights.</param>
internal readonly record struct ManyRowsTile(int Rows, WeightFormat Format)
{
    public const int Outputs = 128;

    private const int MostStages = 4, MostStageBytes = 96 << 10; // cards of compute capability 8.6 and 8.9 have 99 KiB for a block
    private const int FlagBytes = 128;

    /// <summary>From the fewest rows to the most.</summary>
    public static ReadOnlySpan<int> AllRows => [16, 64, 128];

    public bool TakesAllSegments => Rows > 64;

    public int Threads => Rows <= 64 ? 128 : 256;

    public int SharedBytes => Stages * StageBytes + FlagBytes;

    /// <summary>Inputs of a stage: 16 bytes of codes of each row for each of four lanes, or as many as make a multiple of 64.</summary>
    private int Depth => Format.CodeBits == 4 ? 128 : 64;

    private int Stages => Math.Min(MostStages, MostStageBytes / StageBytes);

    private int StageBytes => Rows * Depth * sizeof(ushort) + (int)Format.CodeBytes(Outputs * Depth) + GroupBytes;

    /// <summary>A word for each of four lanes, or for each of their groups.</summary>
    private int GroupBytes => Format.IsDense ? 0 : Outputs * 4 * sizeof(uint) * Math.Max(1, Depth / 4 / Format.Group);

    public string[] Definitions(DType x) => [$"X={NumberNames.Of(x)}", $"ROWS={Rows}", $"DEPTH={Depth}", $"STAGES={Stages}", .. Format.Definitions];
}
