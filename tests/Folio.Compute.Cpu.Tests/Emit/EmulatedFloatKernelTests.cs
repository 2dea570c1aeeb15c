using Folio.Compute.Cpu.Emit;
using Folio.Compute.Cpu.Linear;

namespace Folio.Compute.Cpu.Tests.Emit;

/// <summary>Kernels of fp32, fp16 and bf16 weights of every level, emulated: this processor may lack it.</summary>
public sealed unsafe class EmulatedFloatKernelTests
{
    private const int Steps = 3;

    /// <summary>Chains of multiply-adds, or of products of pairs as Intel's manual has them, for every number of rows.</summary>
    [Theory, MemberData(nameof(Kernels))]
    public void Sums_are_chains_over_ascending_inputs_and_nothing_but_the_tile_is_touched(DType type, bool pairs, bool wide, bool tiles, bool windows)
    {
        var kernel = new FloatKernel(type, pairs, wide, tiles);
        int inputs = Steps * kernel.Step, values = Steps * kernel.StepValues, wordRows = inputs / kernel.PerWord;
        for (int rows = 1; rows <= kernel.MaxRows; rows++)
        {
            int lanes = kernel.Vectors(rows) * kernel.Lanes;
            uint[] panel = [.. Given.Values(inputs * Panel.Lanes, seed: rows).Chunk(kernel.PerWord).Select(weights => Word(type, weights))];
            uint[] x = [.. Given.Values(inputs * rows, seed: 20 + rows).Chunk(pairs ? 2 : 1).Select(numbers => Word(pairs ? DType.BF16 : DType.F32, numbers))];
            float[] before = Given.Values(rows * Panel.Lanes, seed: 40 + rows), sums = [.. before];
            fixed (uint* words = panel, activations = x)
            fixed (float* totals = sums)
            {
                var tile = new FloatTile { Words = (byte*)words, X = (float*)activations, Sums = totals, Steps = Steps };
                var memory = new EmulatedMemory().Readable(&tile, sizeof(FloatTile)).Readable(activations, x.Length * sizeof(float));
                for (int word = 0; word < wordRows; word++) memory.Readable(words + word * Panel.Lanes, lanes * sizeof(uint));
                for (int row = 0; row < rows; row++) memory.Writable(totals + row * Panel.Lanes, lanes * sizeof(float));
                new Emulator(FloatKernelEmitter.Emit(kernel, windows ? Abi.Windows : Abi.SystemV, rows)).Call(&tile, memory, new Random(1), windows);
            }

            for (int row = 0; row < rows; row++)
            {
                for (int lane = 0; lane < Panel.Lanes; lane++)
                {
                    uint[] own = [.. Enumerable.Range(0, values).Select(value => x[tiles ? (value / kernel.StepValues * rows + row) * kernel.StepValues + value % kernel.StepValues : value * rows + row])];
                    uint[] column = [.. Enumerable.Range(0, wordRows).Select(word => panel[word * Panel.Lanes + lane])];
                    float sum = before[row * Panel.Lanes + lane];
                    if (lane < lanes) sum = Chain(kernel, own, column, sum);
                    Assert.Equal(sum, sums[row * Panel.Lanes + lane]);
                }
            }
        }
    }

    private static float Chain(FloatKernel kernel, uint[] x, uint[] words, float before)
    {
        uint bits = BitConverter.SingleToUInt32Bits(before);
        for (int value = 0; value < x.Length; value++)
        {
            if (kernel.Tiles)
            {
                if (value % kernel.StepValues == 0) bits = Emulator.AddPairs(bits, x.AsSpan(value, kernel.StepValues), words.AsSpan(value, kernel.StepValues));
            }
            else if (kernel.Pairs)
            {
                bits = Emulator.PairProduct(bits, words[value], x[value]);
            }
            else
            {
                float weight = Weight(kernel.Type, words[value / kernel.PerWord], value % kernel.PerWord);
                bits = BitConverter.SingleToUInt32Bits(MathF.FusedMultiplyAdd(weight, BitConverter.UInt32BitsToSingle(x[value]), BitConverter.UInt32BitsToSingle(bits)));
            }
        }

        return BitConverter.UInt32BitsToSingle(bits);
    }

    /// <summary>One number of 32 bits or two of 16, the first of them low.</summary>
    private static uint Word(DType type, float[] numbers) => type switch
    {
        DType.F32 => BitConverter.SingleToUInt32Bits(numbers[0]),
        DType.BF16 => BitConverter.SingleToUInt32Bits(numbers[0]) >> 16 | (BitConverter.SingleToUInt32Bits(numbers[1]) & 0xFFFF0000),
        _ => BitConverter.HalfToUInt16Bits((Half)numbers[0]) | (uint)BitConverter.HalfToUInt16Bits((Half)numbers[1]) << 16,
    };

    private static float Weight(DType type, uint word, int half) => type switch
    {
        DType.F32 => BitConverter.UInt32BitsToSingle(word),
        DType.BF16 => BitConverter.UInt32BitsToSingle(word >> 16 * half << 16),
        _ => (float)BitConverter.UInt16BitsToHalf((ushort)(word >> 16 * half)),
    };

    /// <summary>Every kernel, for Linux and for Windows.</summary>
    public static TheoryData<DType, bool, bool, bool, bool> Kernels
    {
        get
        {
            var data = new TheoryData<DType, bool, bool, bool, bool>();
            foreach (bool windows in (bool[])[false, true])
            {
                foreach (DType type in (DType[])[DType.F32, DType.F16, DType.BF16])
                {
                    foreach (bool wide in (bool[])[false, true]) data.Add(type, false, wide, false, windows);
                }

                foreach (bool tiles in (bool[])[false, true]) data.Add(DType.BF16, true, true, tiles, windows);
            }

            return data;
        }
    }
}
