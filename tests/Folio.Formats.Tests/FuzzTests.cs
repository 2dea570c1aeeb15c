using System.Buffers.Binary;
using System.Text;
using static Folio.Formats.Tests.Given;

namespace Folio.Formats.Tests;

/// <summary>Honest files with random damage: each is read, or refused with a <see cref="ModelFormatException"/>, and never costs much memory.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int Cases = 100_000;

    // A refusal allocates its message and stack; a decoded value at most some tens of bytes for each of its own.
    private const long MostAllocatedBytes = 256 * 1024;

    private static readonly byte[] Weights = Safetensors(
        $$$"""{"__metadata__":{"format":"pt"},{{{Entry("model.embed_tokens.weight", "F32", "[4,8]", 0, 128)}}},{{{Entry("model.norm.weight", "BF16", "[8]", 128, 144)}}},{{{Entry("lm_head.weight", "F16", "[2,8]", 144, 176)}}}}""", 176);

    private static readonly byte[] Gguf = new GgufWriter { DataBytes = 4 * 144 + 64 }
        .Pair("general.architecture", "llama").Pair("general.alignment", 32u).Pair("llama.block_count", 2u).Pair("llama.embedding_length", 256u).Pair("llama.attention.head_count", 4u)
        .Pair("llama.rope.freq_base", 1e4f).Pair("llama.rope.scaling.type", "linear").Pair("llama.rope.scaling.factor", 2f).Ints("llama.attention.head_count_kv", 2, 2)
        .Texts("tokenizer.ggml.tokens", "<unk>", "<s>", "</s>", "a").Pair("tokenizer.ggml.eos_token_id", 2u).Pair("tokenizer.ggml.add_bos_token", true)
        .Pair("nested", 9, [.. GgufWriter.ArrayHead(9, 2), .. GgufWriter.ArrayHead(0, 3), 1, 2, 3, .. GgufWriter.ArrayHead(8, 1), .. GgufWriter.Text("x")])
        .Tensor("token_embd.weight", 12, 0, 256, 4).Tensor("output_norm.weight", 0, 576, 16).ToBytes();

    private static readonly byte[] Config = Encoding.UTF8.GetBytes("""
        {"architectures":["LlamaForCausalLM"],"model_type":"llama","hidden_size":64,"num_hidden_layers":2,"num_attention_heads":4,"num_key_value_heads":2,"head_dim":16,
        "intermediate_size":128,"vocab_size":400,"max_position_embeddings":256,"rms_norm_eps":1e-05,"hidden_act":"silu","tie_word_embeddings":false,"torch_dtype":"float32",
        "layer_types":["full_attention","sliding_attention"],"sliding_window":32,"eos_token_id":[1,2],"bos_token_id":1,"rope_theta":10000.0,
        "rope_scaling":{"rope_type":"llama3","factor":8.0,"high_freq_factor":4.0,"low_freq_factor":1.0,"original_max_position_embeddings":64,"short_factor":[1.0,2]},
        "chat_template":[{"name":"default","template":"{{ x }}"}],"bos_token":{"content":"<s>"},"model_max_length":512,"temperature":0.7,"top_k":20,"weight_map":{"a":"1.safetensors"}}
        """);

    [Fact]
    public void A_hundred_thousand_damaged_headers_crash_nothing()
    {
        int seed = Environment.TickCount, refused = 0;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (int i = 0; i < Cases; i++)
        {
            (byte[] honest, Action<byte[]> read) = (i % 5) switch { 0 or 1 => (Weights, (Action<byte[]>)ReadWeights), 2 or 3 => (Gguf, ReadGguf), _ => (Config, ReadConfigs) };
            byte[] damaged = Damage(honest, random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                read(damaged);
            }
            catch (ModelFormatException)
            {
                refused++;
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"seed {seed}, case {i}: {e}\n{Convert.ToBase64String(damaged)}");
            }

            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (allocated > MostAllocatedBytes) Assert.Fail($"seed {seed}, case {i} took {allocated} bytes of memory\n{Convert.ToBase64String(damaged)}");
        }

        output.WriteLine($"{refused} of {Cases} refused");
        Assert.InRange(refused, Cases / 2, Cases - 1000); // the damage is neither always harmless nor always fatal at the first byte
    }

    private static void ReadWeights(byte[] bytes) => OpenSafetensors(bytes, file => ExpectInside(file, bytes));

    private static void ReadGguf(byte[] bytes) => OpenGguf(bytes, file =>
    {
        ExpectInside(file, bytes);
        foreach (string key in file.Metadata.Keys) file.Metadata.GetValue(key);
        TokenizerConfig.FromGguf(file.Metadata);
        GenerationDefaults.FromGguf(file.Metadata);
        Use(ModelConfig.FromGguf(file.Metadata));
    });

    private static void ReadConfigs(byte[] bytes)
    {
        Use(ModelConfig.Parse(bytes));
        TokenizerConfig.Parse(bytes);
        GenerationDefaults.Parse(bytes);
        SafetensorsIndex.Parse(bytes, "model.safetensors.index.json");
    }

    private static unsafe void ExpectInside(TensorFile file, byte[] bytes)
    {
        fixed (byte* begin = bytes)
        {
            foreach (StoredTensor tensor in file.Tensors) Assert.True(tensor.Bytes >= 0 && tensor.Data >= begin && tensor.Data + tensor.Bytes <= begin + bytes.Length, tensor.ToString());
        }
    }

    private static void Use(ModelConfig config) =>
        _ = (config.Architecture, config.HiddenSize, config.Layers, config.Heads, config.KvHeads, config.HeadDim, config.FeedForwardSize, config.VocabularySize, config.ContextLength,
            config.NormEpsilon, config.Activation, config.TieWordEmbeddings, config.AttentionBias, config.SlidingWindow, config.UseSlidingWindow, config.LayerTypes, config.DType,
            config.BosTokenId, config.EosTokenIds, config.Rope, config.SlidingRope);

    /// <summary>One to four wounds: flipped bits, extreme numbers, digits, bytes lost, doubled, or moved.</summary>
    private static byte[] Damage(byte[] honest, Random random)
    {
        var bytes = new List<byte>(honest);
        for (int wounds = random.Next(1, 5); wounds > 0 && bytes.Count > 8; wounds--)
        {
            int at = random.Next(bytes.Count), length = Math.Min(random.Next(1, 16), bytes.Count - at);
            switch (random.Next(8))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes[at] = (byte)"0123456789{}[]\",:.-eE\\u"[random.Next(23)]; break;
                case 3: bytes.RemoveRange(at, length); break;
                case 4: bytes.InsertRange(at, bytes.GetRange(at, length)); break;
                case 5: WriteNumber(bytes, at, random); break;
                case 6: bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length)); break;
                default: bytes.RemoveRange(at, random.Next(20) == 0 ? bytes.Count - at : 1); break;
            }
        }

        return [.. bytes];
    }

    private static void WriteNumber(List<byte> bytes, int at, Random random)
    {
        ulong[] extremes = [0, 1, 0x7F, 0xFF, 0xFFFF, int.MaxValue, uint.MaxValue, long.MaxValue, ulong.MaxValue, 1ul << 40, 1ul << 62, ulong.MaxValue - 31, (ulong)random.Next(1000)];
        byte[] number = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(number, extremes[random.Next(extremes.Length)]);
        for (int i = 0; i < number.Length && at + i < bytes.Count; i++) bytes[at + i] = number[i];
    }
}
