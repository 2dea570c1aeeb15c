using Folio.Engine;

namespace Folio.Server;

/// <summary>The events of a streamed response, in OpenAI's order: created and in progress with the first token, the items as they are written, and how it ended. Behind that comes [DONE], which OpenAI's own clients stop at.</summary>
/// <param name="answer">What is told.</param>
/// <param name="interval">Tokens that are told at once, behind the first.</param>
/// <param name="keep">Stores the response: before its end is told, for the client may build on it at once.</param>
internal sealed class ResponseStream(ResponseAnswer answer, int interval, Action<ResponseObject> keep)
{
    public async Task SendAsync(EventStream events, Generation generation, CancellationToken cancellation)
    {
        bool isFirst = true;
        int waiting = 0; // tokens that were read and not told; all are read one by one, so that nothing depends on the interval but how often is told
        await foreach ((_, GenerationOutput output) in generation.Outputs(cancellation))
        {
            if (isFirst)
            {
                await SendAsync(events, answer.Event("response.created", answer.Begun));
                await SendAsync(events, answer.Event("response.in_progress", answer.Begun));
            }

            answer.Read(output);
            waiting += output.TokenIds.Count;
            if (!isFirst && output.FinishReason is null && waiting < interval) continue;
            (isFirst, waiting) = (false, 0);
            await DrainAsync(events);
        }

        ResponseObject response = answer.Finish(generation);
        keep(response);
        await SendAsync(events, answer.Event($"response.{response.Status}", response));
    }

    public async ValueTask FailAsync(EventStream events, ErrorBody error)
    {
        await DrainAsync(events);
        await SendAsync(events, answer.Event("response.failed", answer.Fail(error.Error)));
    }

    private async ValueTask DrainAsync(EventStream events)
    {
        foreach (ResponseEvent each in answer.Drain()) await SendAsync(events, each);
    }

    private static ValueTask SendAsync(EventStream events, ResponseEvent each) => events.SendAsync(each, ResponseJson.Default.ResponseEvent, each.Type);
}
