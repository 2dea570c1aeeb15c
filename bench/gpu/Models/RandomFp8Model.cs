using System.Text.Json.Nodes;
using Folio.Compute;
using Folio.Models;

namespace Folio.GpuBench;

/// <summary>A model whose layers are fp8 (E4M3) with a scale for each output, as llm-compressor writes them: a folder of safetensors, in memory where there is a file system of it.</summary>
internal sealed class RandomFp8Model : RandomModel
{
    private const int PieceBytes = 16 << 20;
    private const string InMemory = "/dev/shm";

    private readonly string _folder;
    private readonly JsonObject _header = [];
    private readonly List<(Content Content, long Bytes)> _data = [];
    private long _offset;

    /// <exception cref="FolioException">There is no room for it.</exception>
    public RandomFp8Model(ModelShape shape)
    {
        AddTensors(shape);
        _folder = Path.Combine(PlaceFor(_offset), $"folio-gpu-bench-{Environment.ProcessId}");
        Directory.CreateDirectory(_folder);
        try
        {
            File.WriteAllText(Path.Combine(_folder, "config.json"), Config(shape).ToJsonString());
            using FileStream file = File.Create(Path.Combine(_folder, "model.safetensors"));
            Write(file);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What a tensor's bytes are.</summary>
    private enum Content
    {
        Ones,
        Scales,
        Bf16,
        Fp8,
    }

    public override ModelSource Open() => ModelSource.Open(_folder);

    public override void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string PlaceFor(long bytes)
    {
        foreach (string place in (string[])[InMemory, Path.GetTempPath()])
        {
            if (Directory.Exists(place) && new DriveInfo(place).AvailableFreeSpace > bytes + bytes / 4) return place;
        }

        throw new FolioException($"a model of {SizeText.Of(bytes)} has room neither in {InMemory} nor in {Path.GetTempPath()}.");
    }

    private void AddTensors(ModelShape shape)
    {
        int queries = shape.Heads * shape.HeadDim, keys = shape.KvHeads * shape.HeadDim;
        Add("model.embed_tokens.weight", Content.Bf16, shape.Vocabulary, shape.Hidden);
        for (int layer = 0; layer < shape.Layers; layer++)
        {
            string at = $"model.layers.{layer}.";
            Add(at + "input_layernorm.weight", Content.Ones, shape.Hidden);
            Add(at + "post_attention_layernorm.weight", Content.Ones, shape.Hidden);
            AddLinear(at + "self_attn.q_proj", queries, shape.Hidden);
            AddLinear(at + "self_attn.k_proj", keys, shape.Hidden);
            AddLinear(at + "self_attn.v_proj", keys, shape.Hidden);
            AddLinear(at + "self_attn.o_proj", shape.Hidden, queries);
            AddLinear(at + "mlp.gate_proj", shape.FeedForward, shape.Hidden);
            AddLinear(at + "mlp.up_proj", shape.FeedForward, shape.Hidden);
            AddLinear(at + "mlp.down_proj", shape.Hidden, shape.FeedForward);
        }

        Add("model.norm.weight", Content.Ones, shape.Hidden);
        Add("lm_head.weight", Content.Bf16, shape.Vocabulary, shape.Hidden);
    }

    private void AddLinear(string layer, int outputs, int inputs)
    {
        Add(layer + ".weight", Content.Fp8, outputs, inputs);
        Add(layer + ".weight_scale", Content.Scales, outputs, 1);
    }

    private void Add(string name, Content content, params int[] shape)
    {
        long bytes = shape.Aggregate(content == Content.Fp8 ? 1L : sizeof(ushort), (product, dimension) => product * dimension);
        _header[name] = new JsonObject
        {
            ["dtype"] = content == Content.Fp8 ? "F8_E4M3" : "BF16",
            ["shape"] = new JsonArray([.. shape.Select(dimension => (JsonNode)dimension)]),
            ["data_offsets"] = new JsonArray(_offset, _offset + bytes),
        };
        _data.Add((content, bytes));
        _offset += bytes;
    }

    private void Write(FileStream file)
    {
        byte[] header = System.Text.Encoding.UTF8.GetBytes(_header.ToJsonString());
        file.Write(BitConverter.GetBytes((long)header.Length));
        file.Write(header);
        Dictionary<Content, byte[]> pieces = Enum.GetValues<Content>().ToDictionary(content => content, Piece);
        foreach ((Content content, long bytes) in _data)
        {
            for (long at = 0; at < bytes; at += PieceBytes) file.Write(pieces[content], 0, (int)Math.Min(PieceBytes, bytes - at));
        }
    }

    /// <summary>Written over and over: matrices differ from each other on the card alone.</summary>
    private static byte[] Piece(Content content)
    {
        byte[] piece = StoredValues.Make(DType.BF16, PieceBytes / sizeof(ushort));
        if (content == Content.Bf16) return piece;
        for (int i = 0; i < piece.Length; i++)
        {
            piece[i] = content switch
            {
                Content.Fp8 => (byte)(((piece[i & ~1] ^ i * 0x9D) & 0x87) | 0x38), // ±1 to ±1.875
                Content.Scales => (byte)(i % 2 == 0 ? 0 : 0x3C),                   // 2⁻⁷ in bf16
                _ => (byte)(i % 2 == 0 ? 0x80 : 0x3F),                             // 1
            };
        }

        return piece;
    }

    private static JsonObject Config(ModelShape shape) => new()
    {
        ["architectures"] = new JsonArray("LlamaForCausalLM"),
        ["hidden_size"] = shape.Hidden,
        ["num_hidden_layers"] = shape.Layers,
        ["num_attention_heads"] = shape.Heads,
        ["num_key_value_heads"] = shape.KvHeads,
        ["head_dim"] = shape.HeadDim,
        ["intermediate_size"] = shape.FeedForward,
        ["vocab_size"] = shape.Vocabulary,
        ["max_position_embeddings"] = shape.Context,
        ["rms_norm_eps"] = 1e-5,
        ["rope_theta"] = 500_000,
        ["tie_word_embeddings"] = false,
        ["quantization_config"] = new JsonObject
        {
            ["quant_method"] = "compressed-tensors",
            ["format"] = "float-quantized",
            ["config_groups"] = new JsonObject { ["group_0"] = new JsonObject { ["weights"] = new JsonObject { ["type"] = "float", ["num_bits"] = 8, ["strategy"] = "channel" } } },
        },
    };
}
