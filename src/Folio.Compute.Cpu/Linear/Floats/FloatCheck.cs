namespace Folio.Compute.Cpu.Linear;

/// <summary>Holds the emitted tiles of a kernel against sums in C#, before anybody relies on them.</summary>
internal static unsafe class FloatCheck
{
    private const int Columns = 96; // whole steps of every kernel

    /// <summary>Multiplies random numbers with the tiles of every number of rows: all bits must be those of a chain of multiply-adds.</summary>
    /// <remarks>
    /// How vdpbf16ps rounds on the way is left to the processor (Intel's manual has two multiply-adds, the second input of a pair first; others may round
    /// once), so pairs get activations of so few bits that no sum is rounded.
    /// </remarks>
    public static bool Agrees(in FloatKernel kernel, FloatOps ops)
    {
        using var arena = new NativeArena();
        using var alone = new ThreadTeam(1);
        var random = new Random(1);
        int rows = kernel.MaxRows;
        float* w = (float*)arena.Allocate(Columns * Panel.Lanes * sizeof(float)), x = (float*)arena.Allocate(rows * Columns * sizeof(float)), y = (float*)arena.Allocate(rows * Panel.Lanes * sizeof(float));
        for (int i = 0; i < Columns * Panel.Lanes; i++) w[i] = Short(random);
        for (int i = 0; i < rows * Columns; i++) x[i] = kernel.Pairs ? Short(random) : random.NextSingle() - 0.5f;
        byte* panel = Packed(arena, kernel, w), scratch = (byte*)arena.Allocate(ops.ScratchBytes(rows, Columns));
        for (int count = 1; count <= rows; count++)
        {
            ops.Multiply(alone, new() { Panels = panel, Outputs = Panel.Lanes, Columns = Columns, X = x, XStride = Columns, Rows = count, Y = y, YStride = Panel.Lanes }, scratch);
            for (int i = 0; i < count * Panel.Lanes; i++)
            {
                if (y[i] != Chain(x + i / Panel.Lanes * Columns, w + i % Panel.Lanes)) return false;
            }
        }

        return true;
    }

    /// <summary>A multiple of 1/128 between −1/2 and 1/2: every type holds it.</summary>
    private static float Short(Random random) => random.Next(-64, 65) / 128f;

    /// <param name="w">[columns, 32]</param>
    private static byte* Packed(NativeArena arena, in FloatKernel kernel, float* w)
    {
        uint* panel = (uint*)arena.Allocate(Columns / kernel.PerWord * Panel.WordBytes);
        for (int i = 0; i < Columns * Panel.Lanes; i++)
        {
            (int input, int lane) = (i / Panel.Lanes, i % Panel.Lanes);
            uint bits = kernel.Type switch
            {
                DType.F32 => BitConverter.SingleToUInt32Bits(w[i]),
                DType.BF16 => BitConverter.SingleToUInt32Bits(w[i]) >> 16,
                _ => BitConverter.HalfToUInt16Bits((Half)w[i]),
            };
            panel[input / kernel.PerWord * Panel.Lanes + lane] |= bits << (input % kernel.PerWord * 16);
        }

        return (byte*)panel;
    }

    private static float Chain(float* x, float* w)
    {
        float sum = 0;
        for (int k = 0; k < Columns; k++) sum = MathF.FusedMultiplyAdd(w[k * Panel.Lanes], x[k], sum);
        return sum;
    }
}
