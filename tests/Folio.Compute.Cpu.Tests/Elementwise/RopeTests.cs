namespace Folio.Compute.Cpu.Tests.Elementwise;

public sealed class RopeTests
{
    [Theory]
    [InlineData(RopeStyle.Halves, 64, 64)]
    [InlineData(RopeStyle.Interleaved, 64, 64)]
    [InlineData(RopeStyle.Halves, 80, 20)]        // partial rotary, no whole vectors
    [InlineData(RopeStyle.Interleaved, 80, 20)]
    [InlineData(RopeStyle.Halves, 6, 6)]
    [InlineData(RopeStyle.Interleaved, 6, 6)]
    public void Pairs_turn_by_their_angles_and_the_rest_stays(RopeStyle style, int headDim, int rotaryDim)
    {
        const int rows = 5, heads = 3;
        using var backend = new CpuBackend(threads: 2);
        float[] x = Given.Values(rows * heads * headDim, 1), angles = Given.Values(rows * rotaryDim / 2, 2, 3);
        Tensor turned = backend.Buffer(x, heads * headDim, padding: 9, shift: 2);
        backend.Rope(
            turned, headDim, backend.Buffer([.. angles.Select(MathF.Cos)], rotaryDim / 2), backend.Buffer([.. angles.Select(MathF.Sin)], rotaryDim / 2), style);

        double[] expected = [.. x.Select(value => (double)value)];
        for (int row = 0; row < rows; row++)
        {
            for (int head = 0; head < heads; head++)
            {
                int start = (row * heads + head) * headDim;
                for (int i = 0; i < rotaryDim / 2; i++)
                {
                    int first = start + (style == RopeStyle.Halves ? i : 2 * i), second = start + (style == RopeStyle.Halves ? i + rotaryDim / 2 : 2 * i + 1);
                    double angle = angles[row * rotaryDim / 2 + i];
                    expected[first] = x[first] * Math.Cos(angle) - x[second] * Math.Sin(angle);
                    expected[second] = x[second] * Math.Cos(angle) + x[first] * Math.Sin(angle);
                }
            }
        }

        Given.Close(expected, backend.Read(turned), 1e-6);
    }
}
