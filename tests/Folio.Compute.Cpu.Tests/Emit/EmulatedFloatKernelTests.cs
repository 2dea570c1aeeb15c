using Folio.Compute.Cpu.Emit;
using Folio.Compute.Cpu.Linear;

namespace Folio.Compute.Cpu.Tests.Emit;

/// <summary>Kernels of fp32, fp16 and bf16 weights of every level, emulated: this processor may lack it.</summary>
public sealed unsafe class EmulatedFloatKernelTests
{
    private const int Steps = 3, Inputs = Steps * FloatKernel.Step;

    /// <summary>Chains of multiply-adds, or of products of pairs as Intel's manual has them, for every number of rows.</summary>
    [Theory, MemberData(nameof(Kernels))]
    public void Sums_are_chains_over_ascending_inputs_and_nothing_but_the_tile_is_touched(DType type, bool pairs, bool wide, bool windows)
    {
        var kernel = new FloatKernel(type, pairs, wide);
        for (int rows = 1; rows <= kernel.MaxRows; rows++)
        {
            int lanes = kernel.Vectors(rows) * kernel.Lanes, wordRows = Inputs / kernel.PerWord, values = Inputs / FloatKernel.Step * kernel.StepValues;
            uint[] panel = [.. Given.Values(Inputs * Panel.Lanes, seed: rows).Chunk(kernel.PerWord).Select(weights => Word(type, weights))];
            uint[] x = [.. Given.Values(Inputs * rows, seed: 20 + rows).Chunk(pairs ? 2 : 1).Select(numbers => Word(pairs ? DType.BF16 : DType.F32, numbers))];
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
                    float sum = before[row * Panel.Lanes + lane];
                    for (int value = 0; value < values && lane < lanes; value++)
                    {
                        uint activation = x[value * rows + row];
                        sum = pairs
                            ? BitConverter.UInt32BitsToSingle(Emulator.PairProduct(BitConverter.SingleToUInt32Bits(sum), panel[value * Panel.Lanes + lane], activation))
                            : MathF.FusedMultiplyAdd(Weight(type, panel[value / kernel.PerWord * Panel.Lanes + lane], value % kernel.PerWord), BitConverter.UInt32BitsToSingle(activation), sum);
                    }

                    Assert.Equal(sum, sums[row * Panel.Lanes + lane]);
                }
            }
        }
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
    public static TheoryData<DType, bool, bool, bool> Kernels
    {
        get
        {
            var data = new TheoryData<DType, bool, bool, bool>();
            foreach (bool windows in (bool[])[false, true])
            {
                foreach (DType type in (DType[])[DType.F32, DType.F16, DType.BF16])
                {
                    foreach (bool wide in (bool[])[false, true]) data.Add(type, false, wide, windows);
                }

                data.Add(DType.BF16, true, true, windows);
            }

            return data;
        }
    }
}
