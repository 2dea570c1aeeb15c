using System.Text.Json;
using Folio.Compute;
using Folio.Compute.Cpu;

namespace Folio.Engine.Tests;

/// <summary>The whole chain beside the reference cases: the host's part gives processed_logits, the backend's part the ids that are left and their probabilities.</summary>
public sealed class SamplingChainTests
{
    [Fact]
    public void Every_reference_case_is_met()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(TestData.Shared("vectors", "sampling", "cases.json")));
        using var backend = new CpuBackend(threads: 1);
        int cases = 0;
        foreach (JsonElement one in document.RootElement.EnumerateArray())
        {
            Check(one, backend);
            cases++;
        }

        Assert.True(cases >= 60);
    }

    private static void Check(JsonElement one, CpuBackend backend)
    {
        string name = $"case {one.GetProperty("id")}: {one.GetProperty("note")}";
        float[] logits = Floats(one.GetProperty("logits"));
        int[] prompt = Ints(one.GetProperty("prompt_ids")), output = Ints(one.GetProperty("output_ids"));
        CheckRawLogprobs(one, logits, name);

        SamplingParams sampling = Sampling(one.GetProperty("params"));
        if (LogitsProcessors.For(sampling, prompt, endIds: []) is { } processors) Apply(processors, logits, output);
        float[] processed = Floats(one.GetProperty("processed_logits"));
        for (int id = 0; id < logits.Length; id++) Assert.True(Close(processed[id], logits[id], 1e-5), $"{name}: logit {id} is {logits[id]}, not {processed[id]}");

        Tensor row = backend.Allocate(1, logits.Length);
        backend.Write(row, logits);
        var drawn = new int[1];
        backend.Sample(row, [new(0, sampling.Temperature, sampling.TopK, sampling.TopP, sampling.MinP, Seed: 1, Position: 0)], drawn);
        float[] expected = Floats(one.GetProperty("probs"));
        Assert.True(expected[drawn[0]] > 0, $"{name}: {drawn[0]} was drawn");
        if (sampling.Temperature < 1e-5f) return;

        double[] probabilities = Softmax(backend.HostRow(row, 0));
        for (int id = 0; id < probabilities.Length; id++) Assert.True(Close(expected[id], probabilities[id], 1e-5), $"{name}: p({id}) is {probabilities[id]}, not {expected[id]}");
    }

    private static void Apply(LogitsProcessors processors, float[] logits, int[] output)
    {
        if (processors.HasAllowed)
        {
            ulong[] mask = new ulong[(logits.Length + 63) / 64];
            processors.Allow(mask);
            LogitRow.Mask(logits, mask);
        }

        var changes = new LogitChanges(logits.Length);
        processors.Collect(changes, output, output.CountBy(id => id).ToDictionary());
        LogitRow.Change(logits, changes.List, processors.Penalties);
    }

    private static void CheckRawLogprobs(JsonElement one, float[] logits, string name)
    {
        var ids = new int[5];
        Assert.Equal(5, LogProbabilities.TopK(logits, ids));
        float norm = LogProbabilities.LogSumExp(logits);
        int i = 0;
        foreach (JsonElement pair in one.GetProperty("raw_logprobs_top5").EnumerateArray())
        {
            double expected = pair[1].GetDouble();
            Assert.True(Close(expected, logits[ids[i]] - norm, 1e-5), $"{name}: log-probability {i}");
            i++;
        }
    }

    private static SamplingParams Sampling(JsonElement parameters)
    {
        var sampling = new SamplingParams();
        foreach (JsonProperty parameter in parameters.EnumerateObject())
        {
            JsonElement value = parameter.Value;
            sampling = parameter.Name switch
            {
                "temperature" => sampling with { Temperature = value.GetSingle() },
                "top_p" => sampling with { TopP = value.GetSingle() },
                "top_k" => sampling with { TopK = value.GetInt32() },
                "min_p" => sampling with { MinP = value.GetSingle() },
                "repetition_penalty" => sampling with { RepetitionPenalty = value.GetSingle() },
                "presence_penalty" => sampling with { PresencePenalty = value.GetSingle() },
                "frequency_penalty" => sampling with { FrequencyPenalty = value.GetSingle() },
                "logit_bias" => sampling with { LogitBias = value.EnumerateObject().ToDictionary(bias => int.Parse(bias.Name), bias => bias.Value.GetSingle()) },
                "allowed_token_ids" => sampling with { AllowedTokenIds = Ints(value) },
                "bad_words_ids" => sampling with { BadWords = [.. value.EnumerateArray().Select(Ints)] },
                "min_tokens" => sampling with { MinTokens = value.GetInt32() },
                "stop_ids" => sampling with { StopTokenIds = Ints(value) },
                _ => throw new InvalidOperationException($"the case has an unknown parameter {parameter.Name}"),
            };
        }

        return sampling;
    }

    private static double[] Softmax(ReadOnlySpan<float> row)
    {
        double max = double.NegativeInfinity, sum = 0;
        foreach (float logit in row) max = Math.Max(max, logit);
        var result = new double[row.Length];
        for (int i = 0; i < row.Length; i++) sum += result[i] = Math.Exp(row[i] - max);
        for (int i = 0; i < row.Length; i++) result[i] /= sum;
        return result;
    }

    private static bool Close(double expected, double actual, double tolerance) => expected.Equals(actual) || Math.Abs(expected - actual) <= tolerance * Math.Max(1, Math.Abs(expected));

    private static float[] Floats(JsonElement list) => [.. list.EnumerateArray().Select(value => value.ValueKind == JsonValueKind.Null ? float.NegativeInfinity : value.GetSingle())];

    private static int[] Ints(JsonElement list) => [.. list.EnumerateArray().Select(value => value.GetInt32())];
}
