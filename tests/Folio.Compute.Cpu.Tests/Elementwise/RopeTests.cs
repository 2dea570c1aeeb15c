namespace Folio.Compute.Cpu.Tests.Elementwise;

public sealed class RopeTests
{
    [Theory]
    [InlineData(RopeStyle.Halves, 64, 64, false)]
    [InlineData(RopeStyle.Interleaved, 64, 64, true)]
    [InlineData(RopeStyle.Halves, 80, 20, true)]        // partial rotary, no whole vectors
    [InlineData(RopeStyle.Interleaved, 80, 20, false)]
    [InlineData(RopeStyle.Halves, 6, 6, false)]
    [InlineData(RopeStyle.Interleaved, 6, 6, false)]
    public void Pairs_turn_by_the_angles_of_their_row_or_position_and_the_rest_stays(RopeStyle style, int headDim, int rotaryDim, bool byPosition)
    {
        const int rows = 5, heads = 3;
        using var backend = new CpuBackend(threads: 2);
        float[] x = Given.Values(rows * heads * headDim, 1), angles = Given.Values(rows * rotaryDim / 2, 2, 3);
        Tensor turned = backend.Buffer(x, heads * headDim, padding: 9, shift: 2);
        Tensor cosines = backend.Buffer([.. angles.Select(MathF.Cos)], rotaryDim / 2), sines = backend.Buffer([.. angles.Select(MathF.Sin)], rotaryDim / 2);
        int[] positions = [4, 0, 3, 3, 1];
        backend.Rope(turned, headDim, new(cosines, sines, style, byPosition), positions);

        double[] expected = [.. x.Select(value => (double)value)];
        for (int row = 0; row < rows; row++)
        {
            for (int head = 0; head < heads; head++)
            {
                int start = (row * heads + head) * headDim;
                for (int i = 0; i < rotaryDim / 2; i++)
                {
                    int first = start + (style == RopeStyle.Halves ? i : 2 * i), second = start + (style == RopeStyle.Halves ? i + rotaryDim / 2 : 2 * i + 1);
                    double angle = angles[(byPosition ? positions[row] : row) * rotaryDim / 2 + i];
                    expected[first] = x[first] * Math.Cos(angle) - x[second] * Math.Sin(angle);
                    expected[second] = x[second] * Math.Cos(angle) + x[first] * Math.Sin(angle);
                }
            }
        }

        Given.Close(expected, backend.Read(turned), 1e-6);
    }
}
