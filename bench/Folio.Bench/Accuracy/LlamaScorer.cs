using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Folio.Bench;

/// <summary>llama.cpp's logits of a text, which llama-perplexity writes to a file.</summary>
/// <remarks>
/// The file: "_logits_", then n_ctx, n_vocab and n_chunk as int32, the chunks' tokens, and of each scored row two floats (step, least) and a 16-bit number for each id: log p = least + step · number.
/// Steps are at most 16 / 65535, ids less likely than e^−16 times the likeliest are all the same.
/// </remarks>
internal static unsafe partial class LlamaScorer
{
    /// <returns>The perplexity that llama-perplexity prints: its file is too coarse for it.</returns>
    public static double Score(string folder, string model, string textFile, ScoredText text, int? threads, TakeRow take)
    {
        string file = Path.GetTempFileName();
        try
        {
            double perplexity = Perplexity(Path.Combine(folder, "llama-perplexity"), ["-m", model, "-f", textFile, "-c", $"{ScoredText.ChunkTokens}", "-t", $"{threads ?? Environment.ProcessorCount}", "--chunks", $"{text.Chunks}", "--kl-divergence-base", file]);
            using var stream = new BinaryReader(File.OpenRead(file));
            Expect("the mark", 0, stream.ReadBytes(8).AsSpan().SequenceCompareTo("_logits_"u8));
            Expect("n_ctx", ScoredText.ChunkTokens, stream.ReadInt32());
            Expect("n_vocab", text.Vocabulary, stream.ReadInt32());
            Expect("n_chunk", text.Chunks, stream.ReadInt32());
            foreach (int token in text.Tokens) Expect("a token", token, stream.ReadInt32());
            Read(stream, text, take);
            return perplexity;
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static void Read(BinaryReader stream, ScoredText text, TakeRow take)
    {
        int bytes = 2 * ((text.Vocabulary + 1) / 2 * 2 + 4);
        var rows = new byte[ScoredText.RowsPerChunk][];
        for (int chunk = 0; chunk < text.Chunks; chunk++)
        {
            for (int row = 0; row < rows.Length; row++) rows[row] = stream.ReadBytes(bytes);
            int first = chunk * rows.Length;
            Parallel.For(0, rows.Length, row =>
            {
                var logits = new float[text.Vocabulary];
                fixed (byte* stored = rows[row])
                {
                    (float step, float least) = (((float*)stored)[0], ((float*)stored)[1]);
                    ushort* numbers = (ushort*)(stored + 8);
                    for (int i = 0; i < logits.Length; i++) logits[i] = least + step * numbers[i];
                }

                fixed (float* values = logits) take(first + row, values);
            });
        }
    }

    private static double Perplexity(string program, string[] arguments)
    {
        if (!File.Exists(program)) throw new FolioException($"{program} is not there; --llama is to be a folder with llama.cpp's built programs.");
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd() + errors.Result;
        process.WaitForExit();
        Match estimate = Estimate().Match(output);
        return process.ExitCode == 0 && estimate.Success
            ? double.Parse(estimate.Groups[1].Value, CultureInfo.InvariantCulture)
            : throw new FolioException($"llama-perplexity ended with {process.ExitCode} and without an estimate: {output.Trim().Split('\n')[^1]}");
    }

    [GeneratedRegex(@"Final estimate: PPL = ([0-9.]+)")]
    private static partial Regex Estimate();

    private static void Expect(string what, int expected, int found)
    {
        if (found != expected) throw new FolioException($"llama-perplexity's file has {found} for {what}; {expected} was expected, as Folio has it.");
    }
}
