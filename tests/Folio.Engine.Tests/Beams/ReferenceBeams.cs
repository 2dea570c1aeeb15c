using Folio.Compute;

namespace Folio.Engine.Tests;

/// <summary>Beam search by its definition: lists of token lists, everything sorted.</summary>
internal static class ReferenceBeams
{
    public static List<(int[] Tokens, float Score)> Search(Func<int[], float[]> logits, int[] prompt, SamplingParams sampling, int[] endIds)
    {
        int width = sampling.N, most = sampling.MaxTokens!.Value;
        HashSet<int> ends = [.. sampling.IgnoreEos ? [] : endIds, .. sampling.StopTokenIds];
        List<(int[] Tokens, float Sum)> live = [([], 0)];
        List<(int[] Tokens, float Score)> ended = [];
        for (int n = 1; ; n++)
        {
            var candidates = live.SelectMany(Continue).OrderByDescending(candidate => candidate.Sum).Take(Math.Max(2, 1 + ends.Count) * width).ToList();
            var endNow = candidates.Take(width).Where(candidate => Ends(candidate.Tokens)).Select(candidate => (candidate.Tokens, Score(candidate.Sum, n)));
            ended = [.. ended.Concat(endNow).OrderByDescending(one => one.Item2).Take(width)];
            live = [.. candidates.Where(candidate => !Ends(candidate.Tokens)).Take(width)];
            if (live.Count == 0 || (ended.Count == width && !CanImprove(n))) return ended;

            bool Ends(int[] tokens) => n == most || ends.Contains(tokens[^1]);
        }

        IEnumerable<(int[] Tokens, float Sum)> Continue((int[] Tokens, float Sum) beam)
        {
            float[] row = logits([.. prompt, .. beam.Tokens]);
            foreach (int id in beam.Tokens.Length < sampling.MinTokens ? ends : []) row[id] = float.NegativeInfinity;
            foreach (int id in Enumerable.Range(0, row.Length).Where(id => sampling.AllowedTokenIds?.Contains(id) == false)) row[id] = float.NegativeInfinity;
            float norm = LogProbabilities.LogSumExp(row);
            return row.Select((logit, id) => ((int[])[.. beam.Tokens, id], beam.Sum + (logit - norm))).Where(candidate => float.IsFinite(candidate.Item2));
        }

        float Score(float sum, int n) => sum / (float)Math.Pow(n, sampling.LengthPenalty);

        bool CanImprove(int n) => sampling.EarlyStopping switch
        {
            EarlyStopping.True => false,
            EarlyStopping.Never when sampling.LengthPenalty > 0 => Score(live[0].Sum, most) > ended[^1].Score,
            _ => Score(live[0].Sum, n) > ended[^1].Score,
        };
    }
}
