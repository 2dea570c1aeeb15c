using Folio.Tokenization;
using Microsoft.AspNetCore.Http;

namespace Folio.Server;

/// <summary>POST /tokenize and /detokenize.</summary>
internal sealed class TokenizeRoutes(ServedModel served)
{
    public async Task TokenizeAsync(HttpContext context)
    {
        TokenizeRequest request;
        using (RequestBody body = await RequestBody.ReadAsync(context)) request = TokenizeRequest.Read(body.Fields, served);
        string[]? pieces = request.ReturnTokenStrings ? [.. request.Ids.Select(served.RequireTokenizer("prompt").TokenPiece)] : null;
        await JsonAnswer.WriteAsync(context, new(request.Ids.Length, served.Info.MaxModelLen, request.Ids, pieces), WireJson.Default.TokenizeResponse);
    }

    public async Task DetokenizeAsync(HttpContext context)
    {
        int[] ids;
        using (RequestBody body = await RequestBody.ReadAsync(context)) ids = ReadIds(body.Fields);
        await JsonAnswer.WriteAsync(context, new DetokenizeResponse(served.RequireTokenizer("tokens").Decode(ids)), WireJson.Default.DetokenizeResponse);
    }

    /// <exception cref="ApiException">An id isn't the vocabulary's (vLLM gives those above it no text, and says nothing).</exception>
    private int[] ReadIds(Fields body)
    {
        FieldPolicies.Detokenize.Check(body);
        served.Resolve(body.Text("model"));
        int[] ids = body.Integers("tokens") ?? throw body.Missing("tokens", "a list of token ids");
        int size = served.Info.VocabularySize, foreign = Array.FindIndex(ids, id => (uint)id >= (uint)size);
        return foreign < 0 ? ids : throw ApiException.BadRequest($"tokens[{foreign}] is {ids[foreign]}; this model's vocabulary has {size} tokens, with the ids 0 to {size - 1}.", $"tokens[{foreign}]");
    }
}
