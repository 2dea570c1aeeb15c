using System.Text.Json;

namespace Folio.Compute.Cpu.Tests.Sampling;

/// <summary>Steps 6 to 9 of the sampling chain (temperature, min-p, top-k, top-p) against the reference cases.</summary>
public sealed class SamplingVectorTests
{
    public static TheoryData<int> Cases => [.. Enumerable.Range(0, 60)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Probabilities_equal_the_reference(int id)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(TestData.Shared("vectors", "sampling", "cases.json")));
        Assert.Equal(60, document.RootElement.GetArrayLength());
        JsonElement test = document.RootElement[id], parameters = test.GetProperty("params");
        float[] logits = [.. test.GetProperty("processed_logits").EnumerateArray().Select(x => x.ValueKind == JsonValueKind.Null ? float.NegativeInfinity : x.GetSingle())];
        var request = new SampleRequest(
            Row: 0, Number("temperature", 1), (int)Number("top_k", 0), Number("top_p", 1), Number("min_p", 0), Seed: 1, Position: (long)id);

        using var backend = new CpuBackend(threads: 1);
        Tensor row = backend.Buffer(logits, logits.Length);
        var drawn = new int[1];
        backend.Sample(row, [request], drawn);

        int[] kept = [.. test.GetProperty("kept_ids").EnumerateArray().Select(x => x.GetInt32())];
        Assert.Contains(drawn[0], kept);
        if (request.Temperature < 1e-5f)
        {
            Assert.Equal(test.GetProperty("argmax").GetInt32(), drawn[0]);
            Assert.Equal(kept, drawn);
            return;
        }

        float[] filtered = backend.Read(row);
        Assert.Equal(kept, Enumerable.Range(0, filtered.Length).Where(i => filtered[i] > float.NegativeInfinity));
        double sum = filtered.Sum(z => Math.Exp(z));
        double[] expected = [.. test.GetProperty("probs").EnumerateArray().Select(x => x.GetDouble())];
        for (int i = 0; i < expected.Length; i++) Assert.InRange(Math.Exp(filtered[i]) / sum - expected[i], -1e-5, 1e-5);

        float Number(string name, float otherwise) => parameters.TryGetProperty(name, out JsonElement value) ? value.GetSingle() : otherwise;
    }
}
