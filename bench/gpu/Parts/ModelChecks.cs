using Folio.Compute;
using Folio.Compute.Cpu;
using Folio.Models.Tests;

namespace Folio.GpuBench;

/// <summary>Whole models beside the CPU's in fp32: which token is the likeliest, given the CPU's before it; and the bits of deterministic answers.</summary>
internal sealed class ModelChecks(Options options) : Part(options)
{
    /// <summary>Of the range of logits: what rounding everywhere to bf16 may take from a token's lead (the tests on the emulated card allow as much).</summary>
    private const double Rounding = 0.08;

    private int NewTokens => Options.Size(24, 4);

    public override IEnumerable<Item> Items
    {
        get
        {
            foreach (ModelFile model in ModelFile.All(Options))
            {
                if (!model.Generates(out string why))
                {
                    yield return new(model.Name, log => log.Missing(model.Name, why));
                    continue;
                }

                foreach (DType input in Options.Size((DType[])[DType.BF16, DType.F32], [DType.BF16])) yield return new($"{model.Name}, products of {input}", log => CheckTokens(log, model, input));
                yield return new($"{model.Name}, cut", log => CheckBits(log, model));
            }
        }
    }

    private void CheckTokens(ResultLog log, ModelFile model, DType input)
    {
        int longest = model.Prompts.Max(prompt => prompt.Length) + NewTokens + 1;
        using var cpu = new SoloRunner(model.Path, new CpuBackend(activations: CpuActivations.F32), longest, longest, shuffle: false, DType.F32);
        using var card = new SoloRunner(model.Path, BothBackends.NewCard(Options, input), longest, longest, shuffle: true, DType.BF16);
        int tokens = 0, others = 0;
        double widest = 0, range = 0, largest = 0;
        foreach (int[] prompt in Options.Size(model.Prompts, model.Prompts[..1]))
        {
            (int[] ids, float[][] expected) = cpu.Greedy(prompt, NewTokens);
            for (int i = 0; i < ids.Length; i++)
            {
                float[] actual = i == 0 ? card.Prefill(prompt, last: 1)[0] : card.Next(ids[i - 1], prompt.Length + i - 1);
                range = Math.Max(range, expected[i].Max() - expected[i].Min());
                largest = Math.Max(largest, BothBackends.Difference(expected[i], actual));
                tokens++;
                int chosen = actual.IndexOf(actual.Max());
                if (chosen == ids[i]) continue;
                others++;
                widest = Math.Max(widest, expected[i][ids[i]] - expected[i][chosen]);
            }
        }

        log.Check($"{model.Name}, products of {input}: the lead of tokens that the card doesn't choose", widest, Rounding * range,
            $"{others} of {tokens} tokens; logits range over {Row.Number(range)}, the largest difference of one is {Row.Number(largest)}");
    }

    /// <summary>In chunks over scattered blocks, an answer has the bits that it has in one piece.</summary>
    private void CheckBits(ResultLog log, ModelFile model)
    {
        int[] prompt = model.Prompts.MaxBy(prompt => prompt.Length)!;
        prompt = prompt[..Math.Min(prompt.Length, Options.Size(256, 24))];
        using var whole = new SoloRunner(model.Path, BothBackends.NewCard(Options, deterministic: true), prompt.Length, prompt.Length, shuffle: false, DType.BF16);
        using var cut = new SoloRunner(model.Path, BothBackends.NewCard(Options, deterministic: true), prompt.Length, chunk: 7, shuffle: true, DType.BF16);
        float[][] expected = whole.Prefill(prompt, prompt.Length), actual = cut.Prefill(prompt, prompt.Length);
        log.Check($"{model.Name}: bits, in chunks of 7 over scattered blocks", expected.Zip(actual).Sum(rows => BothBackends.DifferentBits(rows.First, rows.Second)), 0, $"logits that differ, of {prompt.Length} rows");
    }
}
