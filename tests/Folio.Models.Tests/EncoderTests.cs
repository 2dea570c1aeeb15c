using System.Runtime.InteropServices;
using System.Text;
using Folio.Compute;
using Folio.Compute.Cpu;
using Folio.Formats;

namespace Folio.Models.Tests;

public sealed class EncoderTests
{
    private const int BlockSize = 16, MostTokens = 512;

    [Fact]
    public void States_of_texts_of_all_lengths_in_one_step_equal_the_reference()
    {
        GoldenEncoder golden = new();
        using CpuBackend backend = new(threads: 2, activations: CpuActivations.F32);
        Close(golden, States(backend, golden.Folder, [.. golden.Cases]));
    }

    [Fact]
    public void A_state_has_the_same_bits_alone_and_in_any_company()
    {
        GoldenEncoder golden = new();
        EncoderCase[] cases = [.. golden.Cases, .. golden.Cases.Reverse()];
        using CpuBackend two = new(threads: 2), one = new(threads: 1);
        float[][] together = States(two, golden.Folder, cases);
        for (int i = 0; i < cases.Length; i++) Assert.Equal(States(one, golden.Folder, cases[i])[0], together[i]);
    }

    [Fact]
    public void An_encoder_converted_to_GGUF_has_the_same_states()
    {
        GoldenEncoder golden = new();
        string path = Path.Combine(Path.GetTempPath(), $"folio-{Guid.NewGuid():N}.gguf");
        try
        {
            GgufConversion.Convert(golden.Folder, path);
            using CpuBackend backend = new(threads: 1, activations: CpuActivations.F32);
            Close(golden, States(backend, path, [.. golden.Cases]));
            using ModelSource source = ModelSource.Open(path);
            Assert.Equal(PoolingKind.Mean, source.Embedding.Pooling);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>bert-base-uncased, say: its norms have the names that TensorFlow gave them.</summary>
    [Fact]
    public void A_checkpoint_whose_norms_are_named_gamma_and_beta_has_the_same_states()
    {
        GoldenEncoder golden = new();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("folio-");
        try
        {
            File.Copy(Path.Combine(golden.Folder, "config.json"), Path.Combine(folder.FullName, "config.json"));
            byte[] file = File.ReadAllBytes(Path.Combine(golden.Folder, "model.safetensors"));
            int header = (int)BitConverter.ToUInt64(file);
            string names = Encoding.UTF8.GetString(file, 8, header), renamed = names.Replace("LayerNorm.weight", "LayerNorm.gamma").Replace("LayerNorm.bias", "LayerNorm.beta");
            Assert.NotEqual(names, renamed);
            Encoding.UTF8.GetBytes(renamed.PadRight(header)).CopyTo(file, 8);
            File.WriteAllBytes(Path.Combine(folder.FullName, "model.safetensors"), file);
            using CpuBackend backend = new(threads: 1, activations: CpuActivations.F32);
            Close(golden, States(backend, folder.FullName, [.. golden.Cases]));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The reference has a decoder's logits, not its states; but a logit is a state times a row of the head.</summary>
    [Theory]
    [InlineData("llama"), InlineData("gpt2"), InlineData("opt"), InlineData("opt-350m-style"), InlineData("qwen3")]
    public unsafe void A_decoder_s_states_times_its_head_are_its_logits(string name)
    {
        GoldenModel golden = new(name);
        using ModelSource source = ModelSource.Open(golden.Model);
        string[] heads = ["lm_head.weight", "transformer.wte.weight", "model.decoder.embed_tokens.weight"];
        StoredTensor head = source.Tensors.Get(heads.First(candidate => source.Tensors.TryGet(candidate, out _)));
        ReadOnlySpan<float> weights = MemoryMarshal.Cast<byte, float>(new ReadOnlySpan<byte>(head.Data, (int)head.Bytes));
        int[] prompt = golden.Cases[4].Prompt;
        using CpuBackend backend = new(threads: 1, activations: CpuActivations.F32);
        float[] states = States(backend, golden.Model, new EncoderCase(prompt, [], []))[0];

        float[][] logits = golden.Logits(4);
        int size = states.Length / prompt.Length;
        for (int row = 0; row < logits.Length; row++)
        {
            ReadOnlySpan<float> state = states.AsSpan((prompt.Length - logits.Length + row) * size, size);
            for (int id = 0; id < logits[row].Length; id++)
            {
                double sum = 0;
                for (int i = 0; i < size; i++) sum += (double)state[i] * weights[id * size + i];
                Assert.Equal(logits[row][id], sum, golden.Tolerance);
            }
        }
    }

    private static void Close(GoldenEncoder golden, float[][] states)
    {
        for (int i = 0; i < states.Length; i++)
        {
            float worst = golden.Cases[i].Hidden.Zip(states[i], (expected, actual) => MathF.Abs(expected - actual)).Max();
            Assert.Equal(golden.Cases[i].Hidden.Length, states[i].Length);
            Assert.True(worst <= golden.Tolerance, $"case {i}: a state is off by {worst}; allowed are {golden.Tolerance}");
        }
    }

    /// <summary>[texts][tokens · hidden size], all of them computed in one step.</summary>
    private static float[][] States(CpuBackend backend, string model, params EncoderCase[] texts)
    {
        using ModelSource source = ModelSource.Open(model);
        TransformerDecoder encoder = TransformerDecoder.Load(source, backend);
        int tokens = texts.Sum(text => text.Ids.Length), blocksEach = MostTokens / BlockSize;
        KvCache cache = backend.AllocateKvCache(encoder.Spec.KvCacheShape(BlockSize, texts.Length * blocksEach, DType.F32));
        StepBatch batch = new(tokens, texts.Length, blocksEach);
        encoder.Reserve(tokens, maxSequences: 4, maxLogitRows: 1);
        for (int i = 0; i < texts.Length; i++) batch.Add(texts[i].Ids, 0, [.. Enumerable.Range(i * blocksEach, blocksEach)], BlockSize, texts[i].Ids.Length);
        encoder.Forward(batch, cache);
        Tensor states = encoder.HiddenStates(batch);
        return [.. texts.Select((text, i) => Enumerable.Range(batch.QueryStarts[i], text.Ids.Length).SelectMany(row => backend.HostRow(states, row).ToArray()).ToArray())];
    }
}
