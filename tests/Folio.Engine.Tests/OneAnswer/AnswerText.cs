using System.Text;

namespace Folio.Engine.Tests;

/// <summary>All that a client gets in one string, floats by their bits.</summary>
internal static class AnswerText
{
    public static string Of(List<GenerationOutput> outputs)
    {
        var text = new StringBuilder();
        foreach (GenerationOutput output in outputs.OrderBy(output => output.Index)) // each sequence's own order stays
        {
            text.Append($"{output.Index}: {string.Join(" ", output.TokenIds)} '{output.Text}' {output.FinishReason} {output.StopReason}");
            if (output.Score is { } score) text.Append($" score {BitConverter.SingleToInt32Bits(score):x8}");
            foreach (PositionLogprobs? logprobs in output.Logprobs ?? []) Append(text, logprobs);
            foreach (PositionLogprobs? logprobs in output.PromptLogprobs ?? []) Append(text, logprobs);
            text.AppendLine();
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, PositionLogprobs? logprobs)
    {
        if (logprobs is null) return;
        foreach (TokenLogprob one in (TokenLogprob[])[logprobs.Token, .. logprobs.Top]) text.Append($" {one.TokenId}#{one.Rank}:{BitConverter.SingleToInt32Bits(one.Logprob):x8}");
    }
}
