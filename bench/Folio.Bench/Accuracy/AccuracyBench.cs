using Folio.Compute;
using Folio.Compute.Cpu;
using Folio.Formats;
using Folio.Models;

namespace Folio.Bench;

/// <summary>Perplexity on a fixed text, and how far each way of computing is from single precision: Folio's ways, and llama.cpp's beside them, for the same files.</summary>
/// <remarks>
/// All are held against one reference: Folio on the first file, whose weights are not quantised, with exact activations and an fp32 cache.
/// Agreement is teacher-forced: at each scored position all have the text's tokens before it, and the likeliest next token is compared.
/// </remarks>
internal static class AccuracyBench
{
    /// <param name="models">GGUF files of one model, the first of them unquantised.</param>
    /// <param name="kvTypes">Of the cache; exact activations are measured with the first alone.</param>
    /// <param name="llama">A folder with llama-perplexity; null: Folio alone.</param>
    /// <param name="chunks">Of the text, at most.</param>
    public static void Run(IReadOnlyList<string> models, string textFile, int? threads, DType[] kvTypes, string? llama, int chunks)
    {
        RequireOneModel(models);
        ScoredText text = ScoredText.Read(textFile, models[0], chunks);
        Console.WriteLine($"{Path.GetFileName(textFile)}: {text.Chunks} chunks of {ScoredText.ChunkTokens} tokens, {text.Positions} positions scored; the reference is {Path.GetFileName(models[0])} with exact activations and fp32 cache");
        Console.WriteLine("| file | engine | activations | KV cache | perplexity | likeliest token as the reference's | mean KL divergence from it, nats |\n| --- | --- | --- | --- | ---: | ---: | ---: |");
        using var reference = new ReferenceScores(text);
        foreach (string model in models)
        {
            foreach (CpuActivations activations in (CpuActivations[])[CpuActivations.F32, CpuActivations.Rounded])
            {
                using var folio = new FolioScorer(model, threads, activations);
                foreach (DType kvType in activations == CpuActivations.F32 ? kvTypes[..1] : kvTypes)
                    Print(model, "Folio", activations == CpuActivations.F32 ? "exact" : "rounded", $"{kvType}", reference.Hold(row => folio.Score(text, kvType, row)));
            }

            if (llama is null) continue;
            double perplexity = 0;
            Score score = reference.Hold(row => perplexity = LlamaScorer.Score(llama, model, textFile, text, threads, row), normalized: true);
            Print(model, "llama.cpp", "", "F16", score with { Perplexity = perplexity });
        }
    }

    private static void RequireOneModel(IReadOnlyList<string> models)
    {
        int? vocabulary = null;
        foreach (string model in models)
        {
            using ModelSource source = ModelSource.Open(model);
            int size = TransformerDecoder.Describe(source).VocabularySize;
            vocabulary ??= size;
            if (size != vocabulary) throw new FolioException($"{model} has {size} ids and {models[0]} has {vocabulary}; files of one model were expected.");
            if (model != models[0]) continue;
            StoredTensor? rounded = source.Tensors.Tensors.FirstOrDefault(tensor => tensor.Type is not (TensorType.F32 or TensorType.F16 or TensorType.BF16));
            if (rounded is not null) throw new FolioException($"{model}, the reference, holds {rounded.Name} as {rounded.Type}; the first file is to hold F32, F16 or BF16 alone.");
        }
    }

    private static void Print(string model, string engine, string activations, string kvType, Score score) =>
        Console.WriteLine(FormattableString.Invariant($"| {Path.GetFileName(model)} | {engine} | {activations} | {kvType} | {score.Perplexity:0.000} | {score.Agreement:0.00%} | {score.Divergence:0.00000} |"));
}
