using System.Runtime.InteropServices;
using System.Text.Json;

namespace Folio.Models.Tests;

/// <summary>A folder of ../shared/golden: a tiny model and what Hugging Face transformers made of it (golden/README.md).</summary>
internal sealed class GoldenModel
{
    private readonly string _folder;
    private readonly Dictionary<string, (int Rows, int Columns, int Offset)> _logits = [];
    private readonly byte[] _tensors;

    public GoldenModel(string name)
    {
        _folder = TestData.Shared("golden", name);
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_folder, "expected.json")));
        NoiseFloor = expected.RootElement.GetProperty("noise_floor").GetSingle();
        LogitRange = expected.RootElement.GetProperty("logit_range").GetSingle();
        Cases = [.. expected.RootElement.GetProperty("cases").EnumerateArray().Select(GoldenCase.Read)];

        _tensors = File.ReadAllBytes(Path.Combine(_folder, "expected.safetensors"));
        int header = (int)BitConverter.ToUInt64(_tensors);
        using JsonDocument index = JsonDocument.Parse(_tensors.AsMemory(8, header));
        foreach (JsonProperty tensor in index.RootElement.EnumerateObject().Where(tensor => tensor.Name.StartsWith("logits.")))
        {
            JsonElement shape = tensor.Value.GetProperty("shape");
            _logits.Add(tensor.Name, (shape[0].GetInt32(), shape[1].GetInt32(), 8 + header + tensor.Value.GetProperty("data_offsets")[0].GetInt32()));
        }
    }

    public float NoiseFloor { get; }

    public float LogitRange { get; }

    public IReadOnlyList<GoldenCase> Cases { get; }

    /// <summary>What to open: the folder, or the GGUF file in it.</summary>
    public string Model => File.Exists(Path.Combine(_folder, "model.gguf")) ? Path.Combine(_folder, "model.gguf") : _folder;

    /// <summary>How far logits and log-probabilities of an fp32 engine may be off.</summary>
    public float Tolerance => Math.Max(20 * NoiseFloor, 2e-4f * LogitRange);

    /// <summary>[positions][vocabulary]: logits of the prompt's last 8 positions.</summary>
    public float[][] Logits(int index)
    {
        (int rows, int columns, int offset) = _logits[$"logits.{index}"];
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(_tensors.AsSpan(offset, rows * columns * sizeof(float)));
        float[][] logits = new float[rows][];
        for (int row = 0; row < rows; row++) logits[row] = values.Slice(row * columns, columns).ToArray();
        return logits;
    }
}

internal sealed record GoldenCase(int[] Prompt, int[] Greedy, float[] Logprobs)
{
    public static GoldenCase Read(JsonElement json) => new(
        Ints(json.GetProperty("input_ids")), Ints(json.GetProperty("greedy")), Floats(json.GetProperty("greedy_logprobs")));

    public static int[] Ints(JsonElement json) => [.. json.EnumerateArray().Select(value => value.GetInt32())];

    public static float[] Floats(JsonElement json) => [.. json.EnumerateArray().Select(value => value.GetSingle())];
}
